package zonda.images.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** An HTTP client that gets. Any thread may call it; closing ends its connections. */
public final class Web implements AutoCloseable {
    private static final int REDIRECTS = 8;
    private static final int ERROR_TEXT_LIMIT = 4096;

    private final HttpClient client;
    private final WebSettings settings;

    private Web(HttpClient client, WebSettings settings) {
        this.client = client;
        this.settings = settings;
    }

    /** @param insecure take any certificate */
    public static Web open(WebSettings settings, boolean insecure) {
        var builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(settings.connect())
                .proxy(new Proxies(settings.environment()));
        if (insecure) {
            builder.sslContext(AnyCertificate.context());
        }
        return new Web(builder.build(), settings);
    }

    /** A request: its headers go to the host it names and to no other it may be redirected to. */
    public record Request(URI uri, Map<String, String> headers) {
        public Request {
            headers = Map.copyOf(headers);
        }

        public static Request of(URI uri) {
            return new Request(uri, Map.of());
        }

        public Request with(String header, String value) {
            var more = new LinkedHashMap<>(headers);
            more.put(header, value);
            return new Request(uri, more);
        }
    }

    /** An answer of any status with its body. */
    public record Answer(URI uri, int status, Map<String, String> headers, byte[] body) {
        /** By its name in lower case. */
        public Optional<String> header(String name) {
            return Optional.ofNullable(headers.get(name));
        }

        public String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        /** This, if it is one of success. @throws WebException */
        public Answer orFail() throws WebException {
            if (status / 100 != 2) {
                throw new WebException(uri, status, summary(body));
            }
            return this;
        }
    }

    /**
     * Gets a small thing. Answers of 5xx, 408 and 429 are asked for again, as are broken connections.
     *
     * @throws WebException when the body is larger than the limit
     * @throws IOException when no attempt reached the server
     */
    public Answer get(Request request, int limit) throws IOException {
        return again(() -> {
            try (Body body = send(request)) {
                byte[] bytes = body.stream().readNBytes(limit + 1);
                if (bytes.length > limit) {
                    throw new WebException("GET " + shown(request.uri()) + ": more than " + limit + " bytes");
                }
                var answer = new Answer(request.uri(), body.status(), body.headers(), bytes);
                var failure = new WebException(request.uri(), answer.status(), summary(bytes));
                if (failure.mayPass()) {
                    throw failure;
                }
                return answer;
            }
        });
    }

    /**
     * Sends something once, with whatever comes back.
     *
     * @throws IOException when the server could not be reached
     */
    public Answer send(String method, Request request, HttpRequest.BodyPublisher body) throws IOException {
        try {
            // Without a limit: how long the other end takes to store a large file is its affair.
            var sent =
                    HttpRequest.newBuilder(request.uri()).method(method, body).header("User-Agent", "imgadm/3");
            request.headers().forEach(sent::header);
            HttpResponse<byte[]> response = client.send(sent.build(), HttpResponse.BodyHandlers.ofByteArray());
            return new Answer(request.uri(), response.statusCode(), Map.of(), response.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } catch (IOException e) {
            throw new IOException(method + " " + shown(request.uri()) + ": " + Unreached.reason(request.uri(), e), e);
        }
    }

    /** Something that is tried. */
    @FunctionalInterface
    interface Attempt<T> {
        T run() throws IOException;
    }

    /** Tries until it works, a failure won't pass, or the attempts are used up. */
    <T> T again(Attempt<T> work) throws IOException {
        Duration wait = settings.backoff();
        for (int attempt = 1; ; attempt++) {
            try {
                return work.run();
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                boolean hopeless = e instanceof WebException answer && !answer.mayPass();
                if (hopeless || attempt >= settings.attempts()) {
                    throw e;
                }
            }
            pause(wait);
            wait = wait.compareTo(settings.backoff().multipliedBy(64)) < 0 ? wait.multipliedBy(2) : wait;
        }
    }

    /** Sleeps: a server that is overloaded is not to be asked again at once, and nothing tells when it recovers. */
    private static void pause(Duration time) throws InterruptedIOException {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    /** The beginning of an answer, and its body as it comes. */
    record Body(int status, Map<String, String> headers, InputStream stream) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            stream.close();
        }
    }

    /** One attempt; redirects are followed, to another host without the headers, never from https to http. */
    Body send(Request request) throws IOException {
        URI uri = request.uri();
        for (int hop = 0; hop < REDIRECTS; hop++) {
            HttpResponse<InputStream> response =
                    exchange(uri, isSameHost(uri, request.uri()) ? request.headers() : range(request));
            Optional<String> location = response.headers().firstValue("location");
            if (response.statusCode() / 100 != 3 || response.statusCode() == 304 || location.isEmpty()) {
                Map<String, String> headers = new LinkedHashMap<>();
                response.headers()
                        .map()
                        .forEach((name, values) ->
                                headers.put(name.toLowerCase(Locale.ROOT), String.join(", ", values)));
                return new Body(response.statusCode(), headers, new IdleLimit(response.body(), settings.idle()));
            }
            response.body().close();
            URI next = resolve(uri, location.get());
            if ("https".equals(uri.getScheme()) && !"https".equals(next.getScheme())) {
                throw new WebException("GET " + shown(uri) + ": redirected from https to " + shown(next));
            }
            uri = next;
        }
        throw new WebException("GET " + shown(request.uri()) + ": more than " + REDIRECTS + " redirects");
    }

    private static URI resolve(URI uri, String location) throws WebException {
        try {
            return uri.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new WebException("GET " + shown(uri) + ": redirected to what isn't a URL", e);
        }
    }

    private HttpResponse<InputStream> exchange(URI uri, Map<String, String> headers) throws IOException {
        try {
            var request = HttpRequest.newBuilder(uri).timeout(settings.idle()).header("User-Agent", "imgadm/3");
            headers.forEach(request::header);
            return client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } catch (IllegalArgumentException e) {
            throw new WebException("GET " + shown(uri) + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new IOException("GET " + shown(uri) + ": " + Unreached.reason(uri, e), e);
        }
    }

    /** Of the headers, the one that says what is asked for and not who asks. */
    private static Map<String, String> range(Request request) {
        String range = request.headers().get("Range");
        return range == null ? Map.of() : Map.of("Range", range);
    }

    private static boolean isSameHost(URI a, URI b) {
        return String.valueOf(a.getScheme()).equals(b.getScheme())
                && String.valueOf(a.getAuthority()).equals(b.getAuthority());
    }

    /** A URL without what may be secret in it: credentials, and the signed query of a redirect. */
    public static String shown(URI uri) {
        String host = uri.getHost() + (uri.getPort() >= 0 ? ":" + uri.getPort() : "");
        return uri.getScheme() + "://" + host + uri.getRawPath();
    }

    public static boolean isLoopback(String host) {
        return host.equals("localhost")
                || host.endsWith(".localhost")
                || host.equals("[::1]")
                || host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
    }

    private static String summary(byte[] body) {
        String text = new String(body, 0, Math.min(body.length, ERROR_TEXT_LIMIT), StandardCharsets.UTF_8);
        String line = text.replaceAll("\\p{Cntrl}+", " ")
                .replaceAll("<[^>]*>", " ")
                .replaceAll("\\s+", " ")
                .strip();
        return line.length() > 300 ? line.substring(0, 300) + "…" : line;
    }

    @Override
    public void close() {
        client.shutdownNow();
        client.close();
    }
}
