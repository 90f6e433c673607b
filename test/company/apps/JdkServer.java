import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;

/** The JDK's own server: java JdkServer.java PORT ROOT */
public class JdkServer {
  public static void main(String[] args) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])), 128);
    server.setExecutor(Executors.newFixedThreadPool(8));
    server.createContext("/", exchange -> serve(exchange, Path.of(args[1])));
    server.start();
  }

  private static void serve(HttpExchange exchange, Path root) throws IOException {
    String path = exchange.getRequestURI().getPath();
    if (path.equals("/v1/echo")) {
      answer(exchange, 201, (exchange.getRequestBody().readAllBytes().length + "\n").getBytes());
    } else if (path.equals("/v1/early")) {
      answer(exchange, 413, "too large\n".getBytes());
    } else if (path.equals("/v1/empty")) {
      exchange.sendResponseHeaders(204, -1);
      exchange.close();
    } else if (path.equals("/v1/stream")) {
      exchange.sendResponseHeaders(200, 0);
      for (int i = 0; i < 20; i++) exchange.getResponseBody().write(("part " + i + "\n").getBytes());
      exchange.close();
    } else {
      Path file = root.resolve(path.substring(1));
      boolean isThere = Files.isRegularFile(file);
      answer(exchange, isThere ? 200 : 404, isThere ? Files.readAllBytes(file) : "not here\n".getBytes());
    }
  }

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/plain");
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", String.valueOf(body.length));
      exchange.sendResponseHeaders(status, -1);
    } else {
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }
}
