import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.StringJoiner;

/** The JDK's client as it comes, which asks for HTTP/2: java JavaClient.java METHOD URL BODY STREAMED TIMES PAUSE FIELD VALUE… */
public class JavaClient {
  public static void main(String[] args) throws Exception {
    HttpClient client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
    StringJoiner found = new StringJoiner(",", "[", "]");
    for (int i = 0; i < Integer.parseInt(args[4]); i++) {
      if (i > 0) Thread.sleep(Integer.parseInt(args[5]));
      HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(args[1])).method(args[0], body(args));
      for (int at = 6; at < args.length; at += 2) request.header(args[at], args[at + 1]);
      try {
        HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        String text = answer.body().substring(0, Math.min(300, answer.body().length()));
        found.add("{\"status\":" + answer.statusCode() + ",\"text\":" + quoted(text) + "}");
      } catch (Exception error) {
        found.add("{\"error\":" + quoted(error.toString()) + "}");
      }
    }
    System.out.println(found);
    System.exit(0);
  }

  private static HttpRequest.BodyPublisher body(String[] args) throws Exception {
    if (args[2].isEmpty()) return HttpRequest.BodyPublishers.noBody();
    Path file = Path.of(args[2]);
    if (!args[3].equals("true")) return HttpRequest.BodyPublishers.ofFile(file);
    byte[] bytes = Files.readAllBytes(file);
    return HttpRequest.BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(bytes));
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') quoted.append('\\').append(c);
      else if (c < ' ') quoted.append(String.format("\\u%04x", (int) c));
      else quoted.append(c);
    }
    return quoted.append('"').toString();
  }
}
