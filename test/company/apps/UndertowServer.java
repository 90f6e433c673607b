import io.undertow.Undertow;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.BlockingHandler;
import io.undertow.server.handlers.PathHandler;
import io.undertow.server.handlers.resource.PathResourceManager;
import io.undertow.server.handlers.resource.ResourceHandler;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.nio.file.Path;

/** Undertow with its own handler of files: java -cp … UndertowServer.java PORT ROOT */
public class UndertowServer {
  public static void main(String[] args) {
    PathHandler paths = new PathHandler(new ResourceHandler(new PathResourceManager(Path.of(args[1]))));
    for (String path : new String[] {"echo", "early", "redirect", "empty", "cookies", "stream"})
      paths.addExactPath("/v1/" + path, new BlockingHandler(UndertowServer::made));
    Undertow.builder().addHttpListener(Integer.parseInt(args[0]), "127.0.0.1").setHandler(paths).build().start();
  }

  private static void made(HttpServerExchange exchange) throws IOException {
    switch (exchange.getRequestPath()) {
      case "/v1/echo" -> answer(exchange, 201, exchange.getInputStream().readAllBytes().length + "\n");
      case "/v1/early" -> answer(exchange, 413, "too large\n");
      case "/v1/redirect" -> {
        exchange.getResponseHeaders().put(Headers.LOCATION, "/v1/files/small.txt");
        exchange.setStatusCode(302);
      }
      case "/v1/empty" -> exchange.setStatusCode(204);
      case "/v1/cookies" -> {
        exchange.getResponseHeaders().add(new HttpString("Set-Cookie"), "a=1");
        exchange.getResponseHeaders().add(new HttpString("Set-Cookie"), "b=2");
        answer(exchange, 200, "ok\n");
      }
      default -> {
        for (int i = 0; i < 20; i++) {
          exchange.getOutputStream().write(("part " + i + "\n").getBytes());
          exchange.getOutputStream().flush();
        }
      }
    }
  }

  private static void answer(HttpServerExchange exchange, int status, String text) throws IOException {
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/plain");
    exchange.getOutputStream().write(text.getBytes());
  }
}
