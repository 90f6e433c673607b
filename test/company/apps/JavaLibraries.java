import java.io.File;
import java.io.FileInputStream;
import java.net.URI;
import java.util.StringJoiner;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSink;
import okio.Okio;
import okio.Source;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.io.entity.FileEntity;
import org.apache.hc.core5.http.io.entity.InputStreamEntity;

/** Clients for Java: java -cp JARS JavaLibraries.java NAME METHOD URL BODY STREAMED TIMES PAUSE FIELD VALUE… */
public class JavaLibraries {
  interface Send {
    String send() throws Exception;
  }

  public static void main(String[] args) throws Exception {
    Send client = args[0].equals("okhttp") ? okHttp(args) : apache(args);
    StringJoiner found = new StringJoiner(",", "[", "]");
    for (int i = 0; i < Integer.parseInt(args[5]); i++) {
      if (i > 0) Thread.sleep(Integer.parseInt(args[6]));
      try {
        found.add(client.send());
      } catch (Exception error) {
        found.add("{\"error\":" + quoted(error.toString()) + "}");
      }
    }
    System.out.println(found);
    System.exit(0);
  }

  private static Send apache(String[] args) {
    CloseableHttpClient client = HttpClients.custom().disableAutomaticRetries().build();
    return () -> {
      HttpUriRequestBase request = new HttpUriRequestBase(args[1], URI.create(args[2]));
      for (int at = 7; at < args.length; at += 2) request.setHeader(args[at], args[at + 1]);
      ContentType type = ContentType.APPLICATION_OCTET_STREAM;
      if (!args[3].isEmpty())
        request.setEntity(
            args[4].equals("true")
                ? new InputStreamEntity(new FileInputStream(args[3]), type)
                : new FileEntity(new File(args[3]), type));
      return client.execute(
          request, answer -> result(answer.getCode(), EntityUtils.toString(answer.getEntity())));
    };
  }

  private static Send okHttp(String[] args) {
    OkHttpClient client = new OkHttpClient.Builder().retryOnConnectionFailure(false).build();
    return () -> {
      okhttp3.Request.Builder request =
          new okhttp3.Request.Builder().url(args[2]).method(args[1], body(args));
      for (int at = 7; at < args.length; at += 2) request.header(args[at], args[at + 1]);
      try (Response answer = client.newCall(request.build()).execute()) {
        return result(answer.code(), answer.body().string());
      }
    };
  }

  private static RequestBody body(String[] args) {
    if (args[3].isEmpty()) return null;
    File file = new File(args[3]);
    MediaType type = MediaType.parse("application/octet-stream");
    if (!args[4].equals("true")) return RequestBody.create(file, type);
    return new RequestBody() {
      @Override
      public MediaType contentType() {
        return type;
      }

      @Override
      public void writeTo(BufferedSink sink) throws java.io.IOException {
        try (Source source = Okio.source(file)) {
          sink.writeAll(source);
        }
      }
    };
  }

  private static String result(int status, String text) {
    return "{\"status\":" + status + ",\"text\":" + quoted(text.substring(0, Math.min(300, text.length()))) + "}";
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
