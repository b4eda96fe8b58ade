package zonda.commands;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.vm.VmEvents;
import zonda.vm.Vms;

/**
 * vminfod(8)'s HTTP server: all VMs and what happens to them, for whoever reaches it, to be read only.
 *
 * <p>It shows what root alone may see, such as metadata, and knows nobody: so it is there only where it is configured.
 */
public final class VminfodServer implements AutoCloseable {
    private static final String VM = "/vms/";

    private final Vms vms;
    private final HttpDoor door;

    private VminfodServer(Vms vms, InetSocketAddress address) {
        this.vms = vms;
        this.door = HttpDoor.open("vminfod", address, this::answer);
    }

    /** Serves until it is closed. @throws zonda.base.OpException FAILED when it can't listen there */
    public static VminfodServer start(Vms vms, InetSocketAddress address) {
        return new VminfodServer(vms, address);
    }

    private void answer(HttpExchange exchange) throws IOException {
        if (!exchange.getRequestMethod().equals("GET")) {
            HttpDoor.text(exchange, 400, "Unsupported Method");
            return;
        }
        String path = exchange.getRequestURI().getPath();
        switch (path) {
            case "/ping" -> HttpDoor.json(exchange, Json.object().with("ping", "pong"));
            case "/status" ->
                HttpDoor.json(exchange, status(HttpDoor.query(exchange).containsKey("full")));
            case "/vms" -> HttpDoor.json(exchange, Json.Arr.of(vms.list().stream()));
            case "/events" -> events(exchange);
            default -> {
                if (path.startsWith(VM)) {
                    vm(exchange, path.substring(VM.length()));
                } else {
                    HttpDoor.text(exchange, 404, "Unsupported URL Path");
                }
            }
        }
    }

    private Json.Obj status(boolean full) {
        Json.Obj status = Json.object()
                .with("pid", ProcessHandle.current().pid())
                .with("state", "running")
                .with("numVms", vms.list().size());
        return full ? status.with("vms", Json.Arr.of(vms.list().stream())) : status;
    }

    private void vm(HttpExchange exchange, String word) throws IOException {
        Json.Obj vm;
        try {
            vm = vms.get(UUID.fromString(word));
        } catch (IllegalArgumentException | OpException e) {
            HttpDoor.text(exchange, 404, "VM Not Found: " + word);
            return;
        }
        HttpDoor.json(exchange, vm);
    }

    /** A line for each event, as long as the caller reads. */
    private void events(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/x-json-stream");
        exchange.sendResponseHeaders(200, 0);
        try (VmEvents.Subscription events = vms.events();
                OutputStream out = exchange.getResponseBody()) {
            line(out, VmadmEvents.readyJson(events.atFirst()));
            while (true) {
                line(out, VmadmEvents.json(events.next()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void line(OutputStream out, Json.Obj event) throws IOException {
        out.write((event.compact() + "\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    @Override
    public void close() {
        door.close();
    }
}
