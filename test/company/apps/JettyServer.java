import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ResourceHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.resource.ResourceFactory;

/** Jetty with its own handler of files: java -cp … JettyServer.java PORT ROOT */
public class JettyServer {
  public static void main(String[] args) throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(Integer.parseInt(args[0]));
    server.addConnector(connector);
    ResourceHandler files = new ResourceHandler();
    files.setBaseResource(ResourceFactory.of(server).newResource(Path.of(args[1])));
    files.setEtags(true);
    server.setHandler(new Handler.Sequence(new Made(), files));
    server.start();
    server.join();
  }

  static class Made extends Handler.Abstract {
    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
      switch (Request.getPathInContext(request)) {
        case "/v1/echo" -> {
          int length = Content.Source.asInputStream(request).readAllBytes().length;
          answer(response, callback, 201, length + "\n");
        }
        case "/v1/early" -> answer(response, callback, 413, "too large\n");
        case "/v1/redirect" -> Response.sendRedirect(request, response, callback, "/v1/files/small.txt");
        case "/v1/empty" -> answer(response, callback, 204, "");
        case "/v1/cookies" -> {
          response.getHeaders().add(HttpHeader.SET_COOKIE, "a=1");
          response.getHeaders().add(HttpHeader.SET_COOKIE, "b=2");
          answer(response, callback, 200, "ok\n");
        }
        case "/v1/stream" -> {
          try (var out = Content.Sink.asOutputStream(response)) {
            for (int i = 0; i < 20; i++) {
              out.write(("part " + i + "\n").getBytes());
              out.flush();
            }
          }
          callback.succeeded();
        }
        default -> {
          return false;
        }
      }
      return true;
    }

    private static void answer(Response response, Callback callback, int status, String text) {
      response.setStatus(status);
      response.write(true, ByteBuffer.wrap(text.getBytes()), callback);
    }
  }
}
