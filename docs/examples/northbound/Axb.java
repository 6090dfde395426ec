// AXB mode with Java's standard library, over https only (HttpsURLConnection): bind A and B, query, modify, unbind.
// Signed in generation 1 (WSSE). Java 11 or newer runs it as it is:
//
//   MASKLINE_URL=https://127.0.0.1:8443 CA_FILE=var/tls/certificate.pem APP_KEY=... APP_SECRET=... java Axb.java
//
// CA_FILE names the certificate to trust when it is self-signed.

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public class Axb {
    static final String BASE_URL = env("MASKLINE_URL", "https://127.0.0.1:8443");
    static final String APP_KEY = env("APP_KEY", "demoAppKey01");
    static final String APP_SECRET = env("APP_SECRET", "demoAppSecret01");
    static final String A = env("A_NUMBER", "+8613800010001");
    static final String B = env("B_NUMBER", "+8613800010002");
    static final String OTHER_B = env("OTHER_NUMBER", "+8613800010003");
    static final String AREA_CODE = env("AREA_CODE", "0755");
    static final String URI = "/rest/caas/relationnumber/partners/v1.0";

    public static void main(String[] arguments) throws Exception {
        trust(env("CA_FILE", ""));
        String bound = call("POST", "", "{\"callerNum\":\"" + A + "\",\"calleeNum\":\"" + B + "\",\"areaCode\":\"" + AREA_CODE
            + "\",\"areaMatchMode\":\"1\",\"duration\":3600,\"callDirection\":0}", "0");
        String binding = field(bound, "subscriptionId");
        String byBinding = "?subscriptionId=" + encode(binding);

        String found = call("GET", byBinding, null, "0");
        check(field(found, "calleeNum").equals(B), "the query does not show the binding");

        call("PUT", "", "{\"subscriptionId\":\"" + binding + "\",\"calleeNum\":\"" + OTHER_B + "\"}", "0");
        String query = "?relationNum=" + encode(field(bound, "relationNum")) + "&callerNum=" + encode(A);
        check(field(call("GET", query, null, "0"), "calleeNum").equals(OTHER_B), "the binding was not modified");

        call("DELETE", byBinding, null, "0");
        call("GET", byBinding, null, "1012007");
    }

    /** Sign: Base64(SHA-256(Nonce + Created + app_secret)). */
    static String wsse() throws Exception {
        String nonce = UUID.randomUUID().toString().replace("-", "");
        String created = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        byte[] digest = MessageDigest.getInstance("SHA-256")
            .digest((nonce + created + APP_SECRET).getBytes(StandardCharsets.UTF_8));
        return "UsernameToken Username=\"" + APP_KEY + "\",PasswordDigest=\"" + Base64.getEncoder().encodeToString(digest)
            + "\",Nonce=\"" + nonce + "\",Created=\"" + created + "\"";
    }

    static String call(String method, String query, String body, String expected) throws Exception {
        HttpsURLConnection connection = (HttpsURLConnection) new URL(BASE_URL + URI + query).openConnection();
        connection.setRequestMethod(method);
        connection.setRequestProperty("Content-Type", "application/json;charset=UTF-8");
        connection.setRequestProperty("Authorization", "WSSE realm=\"SDP\",profile=\"UsernameToken\",type=\"Appkey\"");
        connection.setRequestProperty("X-WSSE", wsse());
        if (body != null) {
            connection.setDoOutput(true);
            try (OutputStream out = connection.getOutputStream()) {
                out.write(body.getBytes(StandardCharsets.UTF_8));
            }
        }
        int status = connection.getResponseCode();
        String text = read(status == 200 ? connection.getInputStream() : connection.getErrorStream());
        System.out.println(method + " " + URI + " " + status + " " + text);
        check(expected.equals(field(text, "resultcode")), "expected " + expected + ", got " + text);
        return text;
    }

    static String read(InputStream in) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        in.transferTo(out);
        return out.toString(StandardCharsets.UTF_8);
    }

    /** The first text of that name; a JSON library does this better. */
    static String field(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"]*)\"").matcher(json);
        check(found.find(), name + " is missing in " + json);
        return found.group(1);
    }

    static void check(boolean holds, String what) {
        if (!holds) {
            System.err.println(what);
            System.exit(1);
        }
    }

    static void trust(String file) throws Exception {
        if (file.isEmpty()) {
            return;
        }
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = new FileInputStream(file)) {
            store.setCertificateEntry("maskline", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trusted.getTrustManagers(), null);
        HttpsURLConnection.setDefaultSSLSocketFactory(context.getSocketFactory());
    }

    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    static String env(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }
}
