// Takes pushes with Java's standard library: verifies both signatures, keeps each push once, answers, then works.
// Java 17 or newer runs it as it is:
//
//   APP_KEY=demoAppKey01 APP_SECRET=demoAppSecret01 PORT=9000 INBOX=inbox.log java Receiver.java
//
// While a secret is changed over give both: APP_SECRET the new one, FORMER_SECRET the one before. Put TLS in front of it.
// The inbox is a file of lines "id sequence Base64(body)", beside it one of the ids that are done; take a table of your
// database instead, with the id as its key.

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Receiver {
    static final String APP_KEY = env("APP_KEY", "demoAppKey01");
    static final String SECRET = env("APP_SECRET", "demoAppSecret01");
    static final String[] SECRETS = {SECRET, env("FORMER_SECRET", SECRET)};
    static final Path INBOX = Path.of(env("INBOX", "inbox.log"));
    static final Path DONE = Path.of(INBOX + ".done");
    static final long CLOCK_SECONDS = 300;
    static final int MOST_BYTES = 1 << 20;
    static final Pattern LINE = Pattern.compile("[!-~]+ [0-9]+ [A-Za-z0-9+/=]+");
    static final Pattern FIELD = Pattern.compile("(Username|PasswordDigest|Nonce|Created)=\"([^\"]*)\"");
    static final Set<String> known = new HashSet<>();
    static final BlockingQueue<String> queue = new LinkedBlockingQueue<>();

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Set<String> done = new HashSet<>(read(DONE));
        for (String line : read(INBOX)) {
            String id = line.split(" ")[0];
            if (LINE.matcher(line).matches() && known.add(id) && !done.contains(id)) {
                queue.add(line);
            }
        }
        HttpServer server = HttpServer.create(
                new InetSocketAddress("127.0.0.1", Integer.parseInt(env("PORT", "9000"))), 64);
        server.createContext("/", Receiver::receive);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.start();
        System.out.println("listening on " + server.getAddress().getPort());
        work();
    }

    /** Answers 200 once a push is kept on disk. Anything else, or nothing within 10 s, and it is sent again. */
    static void receive(HttpExchange request) throws IOException {
        int status;
        try (request) {
            byte[] body = request.getRequestBody().readNBytes(MOST_BYTES + 1); // the bytes, before anything parses them
            if (body.length > MOST_BYTES) {
                status = 413;
            } else if (!request.getRequestMethod().equals("POST") || !isGenuine(request, body)) {
                status = 401;
            } else {
                status = keep(header(request, "webhook-id"), header(request, "X-Maskline-Sequence"), body);
            }
            request.sendResponseHeaders(status, -1);
        }
    }

    /** Keeps a push whose id is new. The id stays the same over re-pushes and replays. */
    static synchronized int keep(String id, String sequence, byte[] body) {
        if (known.contains(id)) {
            return 200;
        }
        String line = id + " " + (sequence.matches("[0-9]{1,18}") ? sequence : "0") + " " + Base64.getEncoder().encodeToString(body);
        try {
            append(INBOX, line);
        } catch (IOException problem) {
            return 503; // it will come again
        }
        known.add(id);
        queue.add(line);
        return 200;
    }

    /** Returns the whole lines of a file. */
    static List<String> read(Path path) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            cut(file);
        }
        return Files.readAllLines(path, StandardCharsets.ISO_8859_1);
    }

    static void append(Path path, String line) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.seek(cut(file));
            file.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
            file.getFD().sync();
        }
    }

    /** Cuts off what a lost power or a full disk left of a line, or the next one would go on in it; returns the length. */
    static long cut(RandomAccessFile file) throws IOException {
        long end = file.length();
        for (; end > 0; end--) {
            file.seek(end - 1);
            if (file.read() == '\n') {
                break;
            }
        }
        if (end < file.length()) {
            file.setLength(end);
        }
        return end;
    }

    /** Does what pushes tell, one after another, apart from answering. A crash loses nothing: done is written last. */
    static void work() throws InterruptedException {
        while (true) {
            String line = queue.take();
            try {
                work(line.split(" "));
            } catch (IOException | RuntimeException problem) {
                System.err.println("again in a second: " + problem);
                queue.add(line);
                Thread.sleep(1000);
            }
        }
    }

    static void work(String[] parts) throws IOException {
        String push = new String(Base64.getDecoder().decode(parts[2]), StandardCharsets.UTF_8);
        Matcher type = Pattern.compile("\"eventType\"\\s*:\\s*\"(\\w+)\"").matcher(push);
        System.out.println("push " + parts[0] + " " + (type.find() ? type.group(1) : "sms")); // here: your own work
        append(DONE, parts[0]);
    }

    static boolean isGenuine(HttpExchange request, byte[] body) {
        boolean vendor = false;
        boolean webhook = false;
        try {
            for (String secret : SECRETS) {
                vendor |= isSignedByVendorHeaders(request, secret);
                webhook |= isSignedByWebhookHeaders(request, body, secret);
            }
        } catch (GeneralSecurityException | DateTimeParseException | NumberFormatException problem) {
            return false;
        }
        return vendor && webhook;
    }

    /** Checks X-AKSK, or X-WSSE of the older form. It covers Nonce and Created, NOT the body. */
    static boolean isSignedByVendorHeaders(HttpExchange request, String secret) throws GeneralSecurityException {
        String aksk = header(request, "X-AKSK");
        Map<String, String> given = new HashMap<>();
        Matcher field = FIELD.matcher(aksk.isEmpty() ? header(request, "X-WSSE") : aksk);
        while (field.find()) {
            given.put(field.group(1), field.group(2));
        }
        if (given.size() != 4 || !same(given.get("Username"), APP_KEY)) {
            return false;
        }
        if (isOutOfTime(Instant.parse(given.get("Created")).getEpochSecond())) {
            return false;
        }
        String text = given.get("Nonce") + given.get("Created");
        byte[] digest = aksk.isEmpty()
                ? MessageDigest.getInstance("SHA-256").digest((text + secret).getBytes(StandardCharsets.UTF_8))
                : hmac(secret.getBytes(StandardCharsets.UTF_8), text.getBytes(StandardCharsets.UTF_8), new byte[0]);
        return same(given.get("PasswordDigest"), Base64.getEncoder().encodeToString(digest));
    }

    /** Checks webhook-signature over id, time and the body's bytes as they came: never over JSON written anew. */
    static boolean isSignedByWebhookHeaders(HttpExchange request, byte[] body, String secret)
            throws GeneralSecurityException {
        String id = header(request, "webhook-id");
        String seconds = header(request, "webhook-timestamp");
        if (id.isEmpty() || !seconds.matches("[0-9]{1,12}") || isOutOfTime(Long.parseLong(seconds))) {
            return false;
        }
        byte[] head = (id + "." + seconds + ".").getBytes(StandardCharsets.UTF_8);
        String expected = "v1," + Base64.getEncoder().encodeToString(hmac(webhookKey(secret), head, body));
        boolean found = false;
        for (String one : header(request, "webhook-signature").split(" ")) { // one for each secret valid at the moment
            found |= same(one, expected);
        }
        return found;
    }

    /** Returns what signs webhooks: the secret's bytes, or those behind whsec_ where it begins so. */
    static byte[] webhookKey(String secret) {
        return secret.startsWith("whsec_")
                ? Base64.getDecoder().decode(secret.substring(6)) : secret.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] hmac(byte[] key, byte[] head, byte[] body) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        mac.update(head);
        return mac.doFinal(body);
    }

    static boolean isOutOfTime(long seconds) {
        return Math.abs(Instant.now().getEpochSecond() - seconds) > CLOCK_SECONDS;
    }

    /** Compares in a time that does not tell how much is right. */
    static boolean same(String one, String other) {
        return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }

    static String header(HttpExchange request, String name) {
        String value = request.getRequestHeaders().getFirst(name);
        return value == null ? "" : value;
    }

    static String env(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }
}
