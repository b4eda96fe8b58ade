package zonda.commands;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import zonda.base.Json;
import zonda.vm.JsonDiff;
import zonda.vm.VmEvents;
import zonda.vm.Vms;

/** events of vmadm(8): a line for each change, until the caller goes. */
final class VmadmEvents {
    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final int SHORT_NAME = 8;
    private static final int LONGEST_ALIAS = 30;

    private final Vms vms;

    VmadmEvents(Vms vms) {
        this.vms = vms;
    }

    void events(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "f|full j|json r|ready");
        Set<UUID> wanted = options.operands().stream().map(vms::resolve).collect(Collectors.toSet());
        Thread own = Thread.currentThread();
        session.onHangup(own::interrupt);
        try (VmEvents.Subscription events = vms.events()) {
            if (options.has("r")) {
                session.out(ready(events.atFirst(), options) + "\n");
            }
            while (true) {
                VmEvents.Event event = events.next();
                if (wanted.isEmpty() || wanted.contains(event.uuid())) {
                    session.out(text(event, options));
                }
            }
        } catch (InterruptedException e) {
            // The caller went.
        }
    }

    private static String ready(List<Json.Obj> all, Getopt options) {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        if (options.has("j")) {
            return readyJson(all).compact();
        }
        return "[" + (options.has("f") ? DATE : CLOCK).format(now) + "] ready";
    }

    /** The event that says that all to come is of what happens from now on. */
    static Json.Obj readyJson(List<Json.Obj> all) {
        return Json.object()
                .with("type", "ready")
                .with("date", DATE.format(Instant.now()))
                .with("uuid", UUID.randomUUID().toString())
                .with("vms", Json.Arr.of(all.stream()).compact());
    }

    static Json.Obj json(VmEvents.Event event) {
        Json.Obj json = Json.object()
                .with("type", event.type().name().toLowerCase(Locale.ROOT))
                .with("date", DATE.format(event.when()))
                .with("zonename", event.vm().string("zonename", ""))
                .with("uuid", event.uuid().toString())
                .with("vm", event.vm());
        return event.type() == VmEvents.Type.MODIFY
                ? json.with("changes", Json.Arr.of(event.changes().stream().map(JsonDiff.Change::toJson)))
                : json;
    }

    private static String text(VmEvents.Event event, Getopt options) {
        if (options.has("j")) {
            return json(event).compact() + "\n";
        }
        String type = event.type().name().toLowerCase(Locale.ROOT);
        String zonename = event.vm().string("zonename", "");
        String alias = event.vm().string("alias", "-");
        String head = "[" + (options.has("f") ? DATE : CLOCK).format(event.when()) + "] "
                + (options.has("f") ? zonename : cut(zonename, SHORT_NAME)) + " " + cut(alias, LONGEST_ALIAS) + " "
                + type;
        return event.type() == VmEvents.Type.MODIFY
                ? event.changes().stream()
                        .map(change -> head + ": " + text(change) + "\n")
                        .collect(Collectors.joining())
                : head + "\n";
    }

    static String text(JsonDiff.Change change) {
        String values = change.before()
                        .map(Json::compact)
                        .filter(_ -> change.after().isPresent())
                        .map(before -> before + " -> ")
                        .orElse("")
                + change.after().or(change::before).map(Json::compact).orElse("");
        return change.prettyPath() + " " + change.action() + " :: " + values;
    }

    private static String cut(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length);
    }
}
