package zonda.commands;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;

/** A small HTTP server of the daemon's. Requests run on virtual threads, which an end of the server interrupts. */
final class HttpDoor implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    private HttpDoor(HttpServer server) {
        this.server = server;
    }

    /** What answers. */
    @FunctionalInterface
    interface Answering {
        void answer(HttpExchange exchange) throws IOException;
    }

    /** @throws OpException FAILED when it can't listen there */
    static HttpDoor open(String name, InetSocketAddress address, Answering answering) {
        try {
            var door = new HttpDoor(HttpServer.create(address, 0));
            door.server.createContext("/", exchange -> answer(exchange, answering));
            door.server.setExecutor(door.threads);
            door.server.start();
            return door;
        } catch (IOException e) {
            throw new OpException(Code.FAILED, name + ": listen on " + address + ": " + e.getMessage(), e);
        }
    }

    private static void answer(HttpExchange exchange, Answering answering) throws IOException {
        try (exchange) {
            try {
                answering.answer(exchange);
            } catch (OpException e) {
                text(exchange, e.code() == Code.NOT_FOUND ? 404 : 500, String.valueOf(e.getMessage()));
            }
        }
    }

    static Map<String, String> query(HttpExchange exchange) {
        Map<String, String> query = new HashMap<>();
        String raw = exchange.getRequestURI().getRawQuery();
        for (String pair : raw == null ? new String[0] : raw.split("&")) {
            String[] halves = pair.split("=", 2);
            query.put(decoded(halves[0]), halves.length > 1 ? decoded(halves[1]) : "");
        }
        return query;
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return text;
        }
    }

    static void json(HttpExchange exchange, Json answer) throws IOException {
        send(exchange, 200, "application/json", answer.compact());
    }

    static void text(HttpExchange exchange, int status, String text) throws IOException {
        send(exchange, status, "text/plain; charset=utf-8", text + "\n");
    }

    private static void send(HttpExchange exchange, int status, String type, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
