package zonda.commands;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.vm.Brand;
import zonda.vm.RunningMachine;
import zonda.vm.Vms;

/**
 * vmadmd(8)'s HTTP server: what is asked of VMs that run. Of zones that is to stop; the rest is of hardware VMs. It
 * knows nobody, so it is there only where it is configured.
 */
public final class VmadmdServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(VmadmdServer.class.getName());
    private static final Pattern VM =
            Pattern.compile("/vm/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(/info)?");

    private final Vms vms;
    private final HttpDoor door;

    private VmadmdServer(Vms vms, InetSocketAddress address) {
        this.vms = vms;
        this.door = HttpDoor.open("vmadmd", address, this::answer);
    }

    /** Serves until it is closed. @throws OpException FAILED when it can't listen there */
    public static VmadmdServer start(Vms vms, InetSocketAddress address) {
        return new VmadmdServer(vms, address);
    }

    private void answer(HttpExchange exchange) throws IOException {
        Matcher path = VM.matcher(exchange.getRequestURI().getPath());
        if (!path.matches()) {
            HttpDoor.text(exchange, 404, "Unsupported URL Path");
            return;
        }
        UUID uuid = UUID.fromString(path.group(1));
        String brand = vms.get(uuid).string("brand", "");
        String asked = exchange.getRequestMethod() + (path.group(2) == null ? "" : path.group(2));
        switch (asked) {
            case "GET/info" -> info(exchange, uuid, brand);
            case "POST" -> action(exchange, uuid, brand);
            default -> HttpDoor.text(exchange, 400, "Unsupported Method");
        }
    }

    private void action(HttpExchange exchange, UUID uuid, String brand) throws IOException {
        Map<String, String> query = HttpDoor.query(exchange);
        String action = query.getOrDefault("action", "");
        String timeout = query.getOrDefault("timeout", "");
        switch (action) {
            case "stop" -> {
                if (!timeout.matches("[0-9]{0,6}")) {
                    HttpDoor.text(exchange, 400, "Invalid timeout: " + timeout);
                    return;
                }
                Optional<Duration> limit =
                        timeout.isEmpty() ? Optional.empty() : Optional.of(Duration.ofSeconds(Long.parseLong(timeout)));
                Thread.ofVirtual().name("stop-" + uuid).start(() -> stop(uuid, limit));
                HttpDoor.text(exchange, 202, "Stopping " + uuid);
            }
            case "sysrq", "reset", "reload_display" -> {
                if (!isMachine(brand)) {
                    HttpDoor.text(exchange, 400, action + " is of hardware VMs; VM " + uuid + " is of brand " + brand);
                    return;
                }
                ask(exchange, () -> {
                    press(vms.machines().of(uuid), action, query.getOrDefault("request", ""));
                    HttpDoor.text(exchange, 202, "Sent " + action + " to " + uuid);
                });
            }
            default -> HttpDoor.text(exchange, 400, "Command \"" + action + "\" is not valid");
        }
    }

    private static boolean isMachine(String brand) {
        return Brand.find(brand).filter(Brand::isHvm).isPresent();
    }

    private void info(HttpExchange exchange, UUID uuid, String brand) throws IOException {
        if (!isMachine(brand)) {
            HttpDoor.text(exchange, 400, "no info types supported for brand " + brand);
            return;
        }
        String types = HttpDoor.query(exchange).getOrDefault("types", "");
        List<String> wanted = types.isEmpty() ? List.of() : List.of(types.split(","));
        ask(exchange, () -> HttpDoor.json(exchange, vms.machines().of(uuid).info(wanted)));
    }

    private interface Question {
        void ask() throws IOException;
    }

    /** What a machine can't tell or do now is the fault of who asks, in vmadmd's words. */
    private static void ask(HttpExchange exchange, Question question) throws IOException {
        try {
            question.ask();
        } catch (OpException e) {
            HttpDoor.text(exchange, 400, String.valueOf(e.getMessage()));
        }
    }

    private static void press(RunningMachine machine, String action, String request) {
        switch (action) {
            case "reset" -> machine.reset();
            case "reload_display" -> machine.reloadDisplays();
            default -> {
                switch (request) {
                    case "nmi" -> machine.interrupt();
                    case "screenshot" -> machine.screenshot();
                    default ->
                        throw new OpException(Code.INVALID, "sysrq of which type? request=nmi or request=screenshot");
                }
            }
        }
    }

    private void stop(UUID uuid, Optional<Duration> limit) {
        try {
            vms.stop(uuid, false, limit);
        } catch (OpException e) {
            LOG.log(System.Logger.Level.WARNING, "stop VM " + uuid + ": " + e.getMessage());
        }
    }

    @Override
    public void close() {
        door.close();
    }
}
