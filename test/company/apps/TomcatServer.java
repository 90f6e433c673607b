import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.apache.catalina.Context;
import org.apache.catalina.servlets.DefaultServlet;
import org.apache.catalina.startup.Tomcat;

/** Tomcat with its own servlet of files: java -cp … TomcatServer.java PORT ROOT FOLDER */
public class TomcatServer {
  public static void main(String[] args) throws Exception {
    java.util.logging.LogManager.getLogManager().reset();
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(args[2]);
    tomcat.setPort(Integer.parseInt(args[0]));
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    Context context = tomcat.addContext("", args[1]);
    Tomcat.addServlet(context, "files", new DefaultServlet());
    context.addServletMappingDecoded("/", "files");
    Tomcat.addServlet(context, "made", new Made());
    for (String path : new String[] {"echo", "early", "redirect", "empty", "cookies", "stream"})
      context.addServletMappingDecoded("/v1/" + path, "made");
    tomcat.start();
    tomcat.getServer().await();
  }

  static class Made extends HttpServlet {
    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
      switch (request.getServletPath()) {
        case "/v1/echo" -> answer(response, 201, request.getInputStream().readAllBytes().length + "\n");
        case "/v1/early" -> answer(response, 413, "too large\n");
        case "/v1/redirect" -> response.sendRedirect("/v1/files/small.txt");
        case "/v1/empty" -> response.setStatus(204);
        case "/v1/cookies" -> {
          response.addCookie(new Cookie("a", "1"));
          response.addCookie(new Cookie("b", "2"));
          answer(response, 200, "ok\n");
        }
        default -> {
          response.setContentType("text/plain");
          for (int i = 0; i < 20; i++) {
            response.getOutputStream().print("part " + i + "\n");
            response.flushBuffer();
          }
        }
      }
    }

    private static void answer(HttpServletResponse response, int status, String text) throws IOException {
      response.setStatus(status);
      response.setContentType("text/plain");
      response.getOutputStream().print(text);
    }
  }
}
