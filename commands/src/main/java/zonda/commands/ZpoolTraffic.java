package zonda.commands;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.storage.Pool;
import zonda.storage.Vdev;

/** zpool-iostat(8): what the pools' devices read and write, a second, by the kernel's counters of disks. */
final class ZpoolTraffic {
    private static final int NARROWEST = 10;
    private static final int SECTOR = 512;
    private static final int MILLIS = 1000;

    private final List<Pool> pools;

    ZpoolTraffic(List<Pool> pools) {
        this.pools = pools;
    }

    /** Counters since boot, iostats(5): operations done, and bytes. */
    private record Counters(long reads, long bytesRead, long writes, long bytesWritten) {
        Counters plus(Counters other) {
            return new Counters(
                    reads + other.reads,
                    bytesRead + other.bytesRead,
                    writes + other.writes,
                    bytesWritten + other.bytesWritten);
        }

        Counters since(Counters before) {
            return new Counters(
                    reads - before.reads,
                    bytesRead - before.bytesRead,
                    writes - before.writes,
                    bytesWritten - before.bytesWritten);
        }

        Counters over(double seconds) {
            return new Counters(
                    Math.round(reads / seconds),
                    Math.round(bytesRead / seconds),
                    Math.round(writes / seconds),
                    Math.round(bytesWritten / seconds));
        }
    }

    void iostat(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "v H p y P L");
        List<String> names = new ArrayList<>(options.operands());
        List<Double> numbers = new ArrayList<>();
        while (!names.isEmpty() && names.getLast().matches("[0-9]+(\\.[0-9]+)?") && numbers.size() < 2) {
            numbers.addFirst(Double.valueOf(names.removeLast()));
        }
        if (!numbers.isEmpty() && numbers.getFirst() <= 0) {
            throw new OpException(Code.USAGE, "interval cannot be zero");
        }
        List<Pool> asked = ZpoolTool.named(pools, names);
        if (!options.has("H")) {
            session.out(header(width(asked)));
        }
        long count = numbers.size() > 1 ? numbers.get(1).longValue() : numbers.isEmpty() ? 1 : Long.MAX_VALUE;
        List<Counters> before = asked.stream().map(ZpoolTraffic::counters).toList();
        if (!options.has("y") || numbers.isEmpty()) {
            print(session, options, asked, before, uptime());
            count--;
        }
        repeat(session, options, asked, new Repetition(before, numbers.isEmpty() ? 0 : numbers.getFirst(), count));
    }

    private record Repetition(List<Counters> before, double seconds, long count) {}

    private static void repeat(Session session, Getopt options, List<Pool> asked, Repetition repetition) {
        var gone = new AtomicBoolean();
        session.onHangup(() -> gone.set(true));
        List<Counters> before = repetition.before();
        try {
            for (long i = 0; i < repetition.count() && !gone.get(); i++) {
                Thread.sleep((long) (repetition.seconds() * MILLIS));
                List<Counters> now = asked.stream().map(ZpoolTraffic::counters).toList();
                List<Counters> between = new ArrayList<>();
                for (int p = 0; p < now.size(); p++) {
                    between.add(now.get(p).since(before.get(p)));
                }
                print(session, options, asked, between, repetition.seconds());
                before = now;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Counters counters(Pool pool) {
        return pool.vdevs().stream()
                .filter(vdev -> !vdev.missing())
                .map(ZpoolTraffic::counters)
                .reduce(new Counters(0, 0, 0, 0), Counters::plus);
    }

    /** The third to tenth word of its line in /proc/diskstats. */
    private static Counters counters(Vdev vdev) {
        String name = String.valueOf(Path.of(vdev.path()).getFileName());
        return StateFile.read(Path.of("/proc/diskstats"))
                .orElse("")
                .lines()
                .map(line -> line.strip().split("\\s+"))
                .filter(words -> words.length > 9 && words[2].equals(name))
                .findFirst()
                .map(words -> new Counters(
                        Long.parseLong(words[3]),
                        Long.parseLong(words[5]) * SECTOR,
                        Long.parseLong(words[7]),
                        Long.parseLong(words[9]) * SECTOR))
                .orElse(new Counters(0, 0, 0, 0));
    }

    private static double uptime() {
        return StateFile.read(Path.of("/proc/uptime"))
                .map(text -> Double.parseDouble(text.split(" ")[0]))
                .orElse(1.0);
    }

    private static int width(List<Pool> asked) {
        return Math.max(
                NARROWEST,
                asked.stream()
                        .mapToInt(pool -> pool.config().name().length())
                        .max()
                        .orElse(0));
    }

    private static String header(int width) {
        String line = "-".repeat(width) + "  -----".repeat(6) + "\n";
        return " ".repeat(width) + "    capacity     operations     bandwidth \n"
                + row(width, "pool", List.of("alloc", "free", "read", "write", "read", "write"))
                + line;
    }

    private static void print(
            Session session, Getopt options, List<Pool> asked, List<Counters> counters, double seconds) {
        for (int i = 0; i < asked.size(); i++) {
            Pool pool = asked.get(i);
            Counters rate = counters.get(i).over(seconds);
            long free = pool.free().value();
            List<Long> sizes = List.of(pool.size().value() - free, free);
            List<String> values = new ArrayList<>();
            sizes.forEach(bytes -> values.add(options.has("p") ? bytes.toString() : ZfsNumbers.human(bytes)));
            for (long number : List.of(rate.reads(), rate.writes())) {
                values.add(options.has("p") ? String.valueOf(number) : ZfsNumbers.count(number));
            }
            for (long bytes : List.of(rate.bytesRead(), rate.bytesWritten())) {
                values.add(options.has("p") ? String.valueOf(bytes) : bytes == 0 ? "0" : ZfsNumbers.human(bytes));
            }
            if (options.has("H")) {
                values.addFirst(pool.config().name());
                session.out(String.join("\t", values) + "\n");
            } else {
                session.out(row(width(asked), pool.config().name(), values));
            }
        }
    }

    private static String row(int width, String name, List<String> values) {
        var out = new StringBuilder(String.format(Locale.ROOT, "%-" + width + "s", name));
        values.forEach(value -> out.append(String.format(Locale.ROOT, "  %5s", value)));
        return out.append('\n').toString();
    }
}
