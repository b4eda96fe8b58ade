package zonda.commands;

import java.time.Duration;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import zonda.base.Json;
import zonda.storage.Pool;
import zonda.storage.PoolEvent;
import zonda.storage.PoolEvents;

/** zpool-events(8). */
final class ZpoolEvents {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("MMM ppd yyyy HH:mm:ss.nnnnnnnnn", Locale.ROOT);
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private final List<Pool> pools;

    ZpoolEvents(List<Pool> pools) {
        this.pools = pools;
    }

    void events(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "v H f c");
        List<Pool> asked = ZpoolTool.named(pools, options.operands());
        if (options.has("c")) {
            int cleared = asked.stream()
                    .mapToInt(pool -> pool.health().events().clear())
                    .sum();
            session.out("cleared " + cleared + " events\n");
            return;
        }
        if (!options.has("H")) {
            session.out("TIME                           CLASS\n");
        }
        List<PoolEvent> kept = new ArrayList<>();
        List<Long> seen = new ArrayList<>();
        for (Pool pool : asked) {
            PoolEvents events = pool.health().events();
            seen.add(events.count());
            kept.addAll(events.all());
        }
        kept.sort(Comparator.comparing(PoolEvent::when));
        kept.forEach(event -> session.out(text(event, options)));
        if (options.has("f")) {
            follow(session, options, asked, seen);
        }
    }

    private static void follow(Session session, Getopt options, List<Pool> asked, List<Long> seen) {
        var gone = new AtomicBoolean();
        session.onHangup(() -> gone.set(true));
        try {
            while (!gone.get()) {
                for (int i = 0; i < asked.size(); i++) {
                    PoolEvents events = asked.get(i).health().events();
                    List<PoolEvent> fresh = events.after(seen.get(i), PATIENCE.dividedBy(asked.size()));
                    seen.set(i, seen.get(i) + fresh.size());
                    fresh.forEach(event -> session.out(text(event, options)));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String text(PoolEvent event, Getopt options) {
        String time = TIME.format(event.when().atZone(ZoneId.systemDefault()));
        if (options.has("H")) {
            return time + "\t" + event.kind() + "\n";
        }
        var out = new StringBuilder(time + " " + event.kind() + "\n");
        if (options.has("v")) {
            Json.Obj all =
                    Json.object().with("version", 0).with("class", event.kind()).with("pool", event.pool());
            all.members().forEach((name, value) -> out.append(detail(name, value)));
            event.details().members().forEach((name, value) -> out.append(detail(name, value)));
            out.append('\n');
        }
        return out.toString();
    }

    private static String detail(String name, Json value) {
        return "        " + name + " = " + value.compact() + "\n";
    }
}
