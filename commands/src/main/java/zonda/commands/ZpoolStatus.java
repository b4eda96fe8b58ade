package zonda.commands;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import zonda.storage.Pool;
import zonda.storage.PoolDevices;
import zonda.storage.Scrub;
import zonda.storage.Vdev;

/** zpool-status(8). */
final class ZpoolStatus {
    /** As asctime(3) has it. */
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ROOT);

    private static final int NARROWEST = 10;

    private final List<Pool> pools;

    ZpoolStatus(List<Pool> pools) {
        this.pools = pools;
    }

    static String health(Pool pool) {
        return pool.vdevs().stream().anyMatch(Vdev::missing) ? "DEGRADED" : "ONLINE";
    }

    void status(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "x v P L p s t i" + ZpoolJson.OPTIONS);
        List<Pool> asked = ZpoolTool.named(pools, options.operands());
        if (options.has("j")) {
            ZpoolJson json = ZpoolJson.of("zpool status", options);
            session.out(json.text(asked, pool -> json.status(pool, options.has("P"), unrepaired(pool))));
            return;
        }
        List<String> texts = asked.stream()
                .filter(pool -> !options.has("x") || !isWell(pool))
                .map(pool -> text(pool, options.has("P")))
                .toList();
        if (!texts.isEmpty()) {
            session.out(String.join("\n", texts));
        } else if (options.operands().size() == 1) {
            session.out("pool '" + options.operands().getFirst() + "' is healthy\n");
        } else {
            session.out("all pools are healthy\n");
        }
    }

    private static boolean isWell(Pool pool) {
        return health(pool).equals("ONLINE")
                && pool.vdevs().stream().noneMatch(ZpoolStatus::hasErrors)
                && unrepaired(pool) == 0
                && pool.devices().failure().isEmpty()
                && pool.devices().copies() == pool.devices().intendedCopies();
    }

    private static boolean hasErrors(Vdev vdev) {
        return vdev.readErrors() + vdev.writeErrors() + vdev.checksumErrors() > 0;
    }

    /** Blocks that the last scrub found no good copy of. */
    private static long unrepaired(Pool pool) {
        return pool.health().scrub().map(Scrub::errors).orElse(0L);
    }

    private static String text(Pool pool, boolean paths) {
        var out = new StringBuilder();
        out.append("  pool: ").append(pool.config().name()).append('\n');
        out.append(" state: ").append(health(pool)).append('\n');
        complaint(pool).ifPresent(out::append);
        out.append("driver: ")
                .append(pool.driverName())
                .append(pool.config().embedded() ? ", in a file: for evaluation\n" : "\n");
        scan(pool).ifPresent(out::append);
        out.append("config:\n\n").append(devices(pool, paths)).append('\n');
        long lost = unrepaired(pool);
        return out.append(
                        lost == 0
                                ? "errors: No known data errors\n"
                                : "errors: " + lost + " data errors, see the kernel's log for the files\n")
                .toString();
    }

    private static Optional<String> complaint(Pool pool) {
        PoolDevices devices = pool.devices();
        if (health(pool).equals("DEGRADED")) {
            return Optional.of(said(
                    "One or more devices are missing.  The other copies of the data are in use.",
                    "Attach the missing device, or replace it with 'zpool replace'."));
        }
        if (unrepaired(pool) > 0) {
            return Optional.of(said(
                    "One or more devices has lost data of which there is no other copy.",
                    "Restore the files from a backup, and scrub the pool again."));
        }
        if (devices.failure().isPresent()) {
            return Optional.of(said(
                    "The last change of devices failed: " + devices.failure().get(),
                    "Mend what it names, and repeat the command."));
        }
        if (devices.copies() < devices.intendedCopies() && devices.resilver().isEmpty()) {
            return Optional.of(said(
                    "Some data has fewer copies than the pool is meant to keep.",
                    "Replace a device with 'zpool replace', which makes the missing copies."));
        }
        if (pool.vdevs().stream().anyMatch(ZpoolStatus::hasErrors)) {
            return Optional.of(said(
                    "One or more devices has had errors.  What another copy allowed was repaired.",
                    "Replace the device if it goes on, or clear the errors with 'zpool clear'."));
        }
        return Optional.empty();
    }

    private static String said(String status, String action) {
        return "status: " + status + "\naction: " + action + "\n";
    }

    private static Optional<String> scan(Pool pool) {
        return pool.devices()
                .resilver()
                .map(now -> "  scan: resilver in progress since " + time(now.began()) + "\n\t" + percent(now.percent())
                        + " done of zpool " + now.verb() + "\n")
                .or(() -> pool.health().scrub().map(ZpoolStatus::scan));
    }

    private static String scan(Scrub scrub) {
        String repaired = ZfsNumbers.human(scrub.repaired().value());
        return "  scan: "
                + switch (scrub.state()) {
                    case FINISHED ->
                        "scrub repaired " + repaired + " in " + took(scrub) + " with " + scrub.errors() + " errors on "
                                + time(scrub.changed()) + "\n";
                    case CANCELED -> "scrub canceled on " + time(scrub.changed()) + "\n";
                    case PAUSED ->
                        "scrub paused since " + time(scrub.changed()) + "\n\tscrub started on " + time(scrub.began())
                                + "\n\t" + ZfsNumbers.human(scrub.read().value()) + " scanned, " + repaired
                                + " repaired\n";
                    case RUNNING ->
                        "scrub in progress since " + time(scrub.began()) + "\n\t" + progress(scrub) + "\n\t" + repaired
                                + " repaired, " + percent(done(scrub)) + " done, " + toGo(scrub) + "\n";
                };
    }

    private static String progress(Scrub scrub) {
        long seconds =
                Math.max(1, Duration.between(scrub.began(), scrub.changed()).toSeconds());
        long read = scrub.read().value();
        return ZfsNumbers.human(read) + " scanned at " + ZfsNumbers.human(read / seconds) + "/s, "
                + ZfsNumbers.human(scrub.toRead().value()) + " total";
    }

    private static double done(Scrub scrub) {
        return 100.0 * scrub.read().value() / Math.max(1, scrub.toRead().value());
    }

    private static String toGo(Scrub scrub) {
        long read = scrub.read().value();
        if (read == 0) {
            return "no estimated completion time";
        }
        long spent = Duration.between(scrub.began(), scrub.changed()).toMillis();
        long left = (long) ((double) spent * (scrub.toRead().value() - read) / read);
        return clock(Duration.ofMillis(left)) + " to go";
    }

    private static String took(Scrub scrub) {
        return clock(Duration.between(scrub.began(), scrub.changed()));
    }

    private static String clock(Duration time) {
        String days = time.toDays() > 0 ? time.toDays() + " days " : "";
        return days
                + String.format(
                        Locale.ROOT, "%02d:%02d:%02d", time.toHoursPart(), time.toMinutesPart(), time.toSecondsPart());
    }

    private static String percent(double value) {
        return String.format(Locale.ROOT, "%.2f%%", value);
    }

    private static String time(Instant when) {
        return TIME.format(when.atZone(ZoneId.systemDefault()));
    }

    /** One line of the table of devices, at its depth in the tree. */
    private record Line(int depth, String name, String state, long read, long write, long checksum, String note) {}

    private static String devices(Pool pool, boolean paths) {
        List<Vdev> vdevs = pool.vdevs();
        List<Line> lines = new ArrayList<>();
        lines.add(new Line(0, pool.config().name(), health(pool), 0, 0, 0, ""));
        boolean mirrored = pool.devices().intendedCopies() > 1;
        if (mirrored) {
            lines.add(new Line(2, "mirror-0", health(pool), 0, 0, 0, copies(pool)));
        }
        for (Vdev vdev : vdevs) {
            lines.add(new Line(
                    mirrored ? 4 : 2,
                    paths ? vdev.path() : ZpoolVdevs.shown(vdev.path()),
                    vdev.missing() ? "UNAVAIL" : "ONLINE",
                    vdev.readErrors(),
                    vdev.writeErrors(),
                    vdev.checksumErrors(),
                    vdev.missing() ? "  cannot open" : ""));
        }
        int width = Math.max(
                NARROWEST,
                lines.stream()
                        .mapToInt(line -> line.depth() + line.name().length())
                        .max()
                        .orElse(0));
        var out = new StringBuilder("\t" + row(width, "NAME", "STATE", "READ", "WRITE", "CKSUM") + "\n");
        lines.forEach(line -> out.append('\t')
                .append(row(
                        width,
                        " ".repeat(line.depth()) + line.name(),
                        line.state(),
                        ZfsNumbers.count(line.read()),
                        ZfsNumbers.count(line.write()),
                        ZfsNumbers.count(line.checksum())))
                .append(line.note())
                .append('\n'));
        return out.toString();
    }

    /** Where more devices share the copies than there are copies, a loss of several may be one too many. */
    private static String copies(Pool pool) {
        int copies = pool.devices().intendedCopies();
        return pool.vdevs().size() > copies ? "  " + copies + " copies of each block" : "";
    }

    private static String row(int width, String name, String state, String read, String write, String checksum) {
        return String.format(Locale.ROOT, "%-" + width + "s  %-8s %5s %5s %5s", name, state, read, write, checksum);
    }
}
