package zonda.images;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zonda.base.Json;
import zonda.base.OpException;

/**
 * A small IMGAPI server over a folder of images: {@code imgadm serve}. It knows nobody: who reaches it may read, and may
 * publish if it was started so. Requests run on virtual threads.
 */
public final class ImageServer implements AutoCloseable {
    private static final int JSON_LIMIT = 1 << 20;
    private static final Pattern RANGE = Pattern.compile("bytes=([0-9]{1,18})-");
    private static final Pattern IMAGE = Pattern.compile("/images/([0-9a-f-]{36})(/file|/icon)?");

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final ImageListing listing;
    private final ImagePublishing publishing;
    private final ImageFolder folder;
    private final ContentMd5 sums = new ContentMd5();
    private final Supply supply;

    /** What sees to it that images are in the folder before they are looked for there. */
    interface Supply {
        /** Of a folder that is as it is. */
        Supply NONE = new Supply() {
            @Override
            public void announce() {
                // All are there.
            }

            @Override
            public void provide(UUID uuid) {
                // It is there, or it is not.
            }
        };

        /** All by their manifests. */
        void announce();

        /** One, with its file. */
        void provide(UUID uuid);
    }

    private ImageServer(HttpServer server, ImageFolder folder, ImagePublishing publishing, Supply supply) {
        this.server = server;
        this.supply = supply;
        this.folder = folder;
        this.listing = new ImageListing(folder);
        this.publishing = publishing;
    }

    /**
     * Serves until it is closed.
     *
     * @param mayPublish whether images can be added, changed and deleted
     * @throws ImageException FILE_SYSTEM when it can't listen there
     */
    public static ImageServer start(Path directory, InetSocketAddress address, boolean mayPublish) {
        return start(directory, address, mayPublish, Supply.NONE);
    }

    /** Serves the images that are installed, as {@link #start(Path, InetSocketAddress, boolean)}; nothing is taken. */
    public static ImageServer start(HostImages installed, InetSocketAddress address) {
        var supply = new ServedImages(installed);
        return start(supply.directory(), address, false, supply);
    }

    private static ImageServer start(Path directory, InetSocketAddress address, boolean mayPublish, Supply supply) {
        try {
            HttpServer server = HttpServer.create(address, 0);
            var folder = new ImageFolder(directory);
            var serving = new ImageServer(server, folder, new ImagePublishing(folder, mayPublish), supply);
            server.createContext("/", serving::handle);
            server.setExecutor(serving.threads);
            server.start();
            return serving;
        } catch (IOException e) {
            throw new ImageException(ImageError.FILE_SYSTEM, "listen on " + address + ": " + e.getMessage(), e);
        }
    }

    /** Where it listens: the port is chosen by the system when 0 was asked for. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            try {
                answer(exchange);
            } catch (ServerError e) {
                refused(exchange, e);
            } catch (OpException | Json.JsonSyntaxException e) {
                refused(exchange, new ServerError(422, "InvalidParameter", String.valueOf(e.getMessage())));
            } catch (UncheckedIOException e) {
                refused(exchange, new ServerError(500, "InternalError", String.valueOf(e.getMessage())));
            }
        }
    }

    private static void refused(HttpExchange exchange, ServerError error) throws IOException {
        send(exchange, error.status(), error.json().compact().getBytes(StandardCharsets.UTF_8));
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        Map<String, String> query = query(exchange.getRequestURI().getRawQuery());
        String method = exchange.getRequestMethod();
        Matcher image = IMAGE.matcher(path);
        if (image.matches()) {
            UUID uuid = UUID.fromString(image.group(1));
            String part = Optional.ofNullable(image.group(2)).orElse("");
            image(exchange, uuid, method + " " + part, query);
            return;
        }
        switch (method + " " + path) {
            case "GET /ping" ->
                json(
                        exchange,
                        200,
                        Json.object()
                                .with("ping", "pong")
                                .with("version", "1.0.0")
                                .with("imgapi", true));
            case "GET /images" -> {
                supply.announce();
                json(exchange, 200, listing.list(query));
            }
            case "GET /channels" -> json(exchange, 200, listing.channels());
            case "POST /images" -> json(exchange, 200, publishing.create(body(exchange)));
            default -> throw ServerError.notFound(path + " does not exist");
        }
    }

    private void image(HttpExchange exchange, UUID uuid, String what, Map<String, String> query) throws IOException {
        if (what.startsWith("GET ")) {
            supply.provide(uuid);
        }
        switch (what) {
            case "GET " -> json(exchange, 200, listing.get(uuid, query));
            case "GET /file" -> file(exchange, listing.entry(uuid, query));
            case "GET /icon" -> icon(exchange, listing.entry(uuid, query));
            case "PUT /file" -> json(exchange, 200, publishing.file(uuid, query, exchange.getRequestBody()));
            case "PUT /icon" ->
                json(exchange, 200, publishing.icon(uuid, contentType(exchange), exchange.getRequestBody()));
            case "POST " -> json(exchange, 200, publishing.action(uuid, query));
            case "DELETE " -> {
                publishing.delete(uuid);
                exchange.sendResponseHeaders(204, -1);
            }
            default -> throw new ServerError(405, "MethodNotAllowed", what.strip() + " is not allowed");
        }
    }

    /** A part of it from an offset on, too, so that a download goes on where it was cut off. */
    private void file(HttpExchange exchange, ImageFolder.Entry entry) throws IOException {
        Path file = entry.file()
                .orElseThrow(
                        () -> ServerError.notFound("image \"" + entry.manifest().uuid() + "\" has no file"));
        long size = Files.size(file);
        Matcher range =
                RANGE.matcher(Optional.ofNullable(exchange.getRequestHeaders().getFirst("Range"))
                        .orElse(""));
        long from = range.matches() ? Long.parseLong(range.group(1)) : 0;
        if (from > size || (from == size && size > 0)) {
            exchange.getResponseHeaders().set("Content-Range", "bytes */" + size);
            exchange.sendResponseHeaders(416, -1);
            return;
        }
        if (range.matches()) {
            exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + (size - 1) + "/" + size);
        }
        entry.manifest()
                .file()
                .sha1()
                .ifPresent(sum -> exchange.getResponseHeaders().set("ETag", "\"" + sum + "\""));
        exchange.getResponseHeaders().set("Accept-Ranges", "bytes");
        if (!range.matches()) {
            exchange.getResponseHeaders().set("Content-MD5", sums.of(file));
        }
        stream(exchange, range.matches() ? 206 : 200, file, from);
    }

    private static void icon(HttpExchange exchange, ImageFolder.Entry entry) throws IOException {
        if (!Files.exists(entry.icon())) {
            throw ServerError.notFound("image \"" + entry.manifest().uuid() + "\" has no icon");
        }
        String type = entry.manifest().json().object("icon").string("contentType", "image/png");
        exchange.getResponseHeaders().set("Content-Type", type);
        stream(exchange, 200, entry.icon(), 0);
    }

    private static String contentType(HttpExchange exchange) {
        String type = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Content-Type"))
                .orElse("");
        if (!type.matches("image/(png|jpeg|gif|webp)")) {
            throw new ServerError(422, "InvalidParameter", "an icon is an image/png, jpeg, gif or webp");
        }
        return type;
    }

    private static void stream(HttpExchange exchange, int status, Path file, long from) throws IOException {
        if (exchange.getResponseHeaders().getFirst("Content-Type") == null) {
            exchange.getResponseHeaders().set("Content-Type", "application/octet-stream");
        }
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            long length = channel.size() - from;
            channel.position(from);
            // 0 would mean: of unknown length.
            exchange.sendResponseHeaders(status, length == 0 ? -1 : length);
            if (length > 0) {
                InputStream in = Channels.newInputStream(channel);
                OutputStream out = exchange.getResponseBody();
                in.transferTo(out);
            }
        }
    }

    private static Json.Obj body(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readNBytes(JSON_LIMIT + 1);
        if (body.length > JSON_LIMIT) {
            throw new ServerError(413, "RequestTooLarge", "a manifest has at most " + JSON_LIMIT + " bytes");
        }
        return Json.parseObject(new String(body, StandardCharsets.UTF_8));
    }

    private static void json(HttpExchange exchange, int status, Json answer) throws IOException {
        send(exchange, status, answer.pretty().getBytes(StandardCharsets.UTF_8));
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    private static Map<String, String> query(String raw) {
        Map<String, String> query = new HashMap<>();
        for (String pair : raw == null ? new String[0] : raw.split("&")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                query.put(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
            }
        }
        return query;
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new ServerError(400, "InvalidParameter", "not well encoded: " + text);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
