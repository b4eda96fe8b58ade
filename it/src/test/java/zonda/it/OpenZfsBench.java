package zonda.it;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;
import zonda.base.Await;
import zonda.it.guest.OpenZfsGuest;

/**
 * Ours and the real OpenZFS in turn, in one guest: {@code OpenZfsBench DATASETS ROUNDS [list] [streams]}. Lists of many
 * datasets are of a daemon whose pool is the real zfs' own, and of a second one whose pool is a btrfs. A stream is
 * received by the real {@code zfs recv}, and unpacked by our decoder into the btrfs. Where the guest is emulated, only the
 * ratios say something.
 */
final class OpenZfsBench {
    /** Until what is hot is compiled. */
    private static final int WARM_UP = 3;

    private static final Duration PATIENCE = Duration.ofMinutes(15);
    private static final String FIRST = "";
    private static final String SECOND = "/srv/second";
    private static final String STREAM = "/root/stream";

    /** A second instance, whose pool is a btrfs. */
    private static final String INSTANCE = """
            set -e
            mkdir -p %1$s/etc/zonda
            echo '{"prefix": "t", "id_base": 1610612736, "admin_address": "127.0.0.1",
                "pool": {"driver": "btrfs", "size_gib": 4}}' >%1$s/etc/zonda/zondad.json
            %2$s --root %1$s create-pool
            %2$s --root %1$s >/run/second.log 2>&1 </dev/null &
            tries=0
            until [ -S %1$s/run/zonda/host.sock ]; do
                tries=$((tries + 1))
                [ $tries -lt 300 ] || { cat /run/second.log; exit 1; }
                sleep 1
            done
            """;

    /** Some 20 MB. */
    private static final String TREE = """
            set -e
            zfs create -o mountpoint=/run/tree -o canmount=on zones/tree
            cp -a /usr/sbin /usr/share/zoneinfo /etc /run/tree/
            zfs snapshot zones/tree@s
            zfs send zones/tree@s >%s
            tar -C /run/tree -cf /root/tar .
            echo "$(stat -c %%s %1$s) $(find /run/tree -type f | wc -l)"
            """;

    private static final String ENDED = """
            tries=0
            until [ -e /run/turns.status ]; do
                tries=$((tries + 1))
                [ $tries -lt 200 ] || exit 1
                sleep 1
            done
            """;

    private final GuestHost host = GuestHost.withOpenZfsAsShipped();
    private final int datasets;
    private final int rounds;

    private OpenZfsBench(int datasets, int rounds) {
        this.datasets = datasets;
        this.rounds = rounds;
    }

    /**
     * One that takes its turn.
     *
     * @param line as {@link InTurn} reads it
     * @param peer the one that it is compared with: which of those that are timed
     */
    private record Turn(String name, String line, int peer) {
        static Turn rest(String line) {
            return new Turn("", "rest " + line, 0);
        }

        boolean isTimed() {
            return !name.isEmpty();
        }
    }

    public static void main(String[] arguments) throws Exception {
        var bench = new OpenZfsBench(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]));
        List<String> parts = List.of(arguments).subList(2, arguments.length);
        try {
            OpenZfsGuest.requireImage(Documents.top());
            bench.host.make();
            bench.prepare();
            if (parts.contains("list")) {
                bench.lists();
            }
            if (parts.contains("streams")) {
                bench.streams();
            }
        } catch (TestAbortedException e) {
            System.out.println("bench/storage: skipped what needs OpenZFS: " + e.getMessage());
        } finally {
            bench.host.takeAway();
        }
        System.exit(0);
    }

    private String sh(String script) {
        return host.guest().sh(script).good();
    }

    private static String socket(String root) {
        return root + "/run/zonda/host.sock";
    }

    private static String ask(String root, String words) {
        return "ask " + socket(root) + " zfs " + words;
    }

    private void prepare() throws IOException {
        System.out.println(sh("zfs version | head -n 1; uname -r").replace('\n', ' '));
        sh(INSTANCE.formatted(SECOND, host.program("zondad")));
        String name = InTurn.class.getName().replace('.', '/') + ".class";
        try (InputStream in = InTurn.class.getResourceAsStream("/" + name)) {
            if (in == null) {
                throw new IOException(name + " is not there");
            }
            String text = Base64.getEncoder().encodeToString(in.readAllBytes());
            sh("mkdir -p /run/classes/zonda/it && echo " + text + " | base64 -d >/run/classes/" + name);
        }
    }

    /** @return microseconds of each line, for each round */
    private List<long[]> inTurn(int times, List<String> lines) {
        String home = host.program("..") + "/dist/target/zonda";
        sh("rm -f /run/turns*; cat >/run/turns <<'END'\n" + String.join("\n", lines) + "\nEND\n");
        sh("(" + home + "/daemon/bin/java @" + home + "/daemon.args -XX:AOTMode=off --add-modules"
                + " zonda.client,zonda.zstream --add-exports zonda.client/zonda.client=ALL-UNNAMED -cp /run/classes "
                + InTurn.class.getName() + " " + times + " /run/turns >/run/turns.out 2>/run/turns.err;"
                + " echo $? >/run/turns.status) </dev/null >/dev/null 2>&1 &");
        if (!Await.until(PATIENCE, () -> host.guest().sh(ENDED).status() == 0)) {
            throw new IllegalStateException("still not done: " + sh("cat /run/turns.out /run/turns.err"));
        }
        return sh("cat /run/turns.out; cat /run/turns.err >&2; exit $(cat /run/turns.status)")
                .lines()
                .map(line -> Arrays.stream(line.split(" "))
                        .mapToLong(Long::parseLong)
                        .toArray())
                .toList();
    }

    private void fill() {
        for (String root : List.of(FIRST, SECOND)) {
            Stream<String> each = IntStream.range(0, datasets).mapToObj(i -> "create zones/many/d" + i);
            inTurn(
                    1,
                    Stream.concat(Stream.of("create -o mountpoint=none zones/many"), each)
                            .map(words -> ask(root, words))
                            .toList());
        }
        String names = "list -H -o name -r zones/many | sort";
        for (String socket : List.of(socket(FIRST), socket(SECOND))) {
            String ours = "ZONDA_SOCKET=" + socket + " " + host.program("zfs") + " " + names;
            sh("zfs " + names + " >/run/real; " + ours + " | cmp - /run/real && [ $(wc -l </run/real) = "
                    + (datasets + 1) + " ]");
        }
    }

    private void lists() {
        fill();
        String all = "list -j -r zones/many";
        String one = "list -j zones/many";
        String real = "sh zfs %s >/dev/null";
        String client = "sh ZONDA_SOCKET=" + socket(SECOND) + " " + host.program("zfs") + " %s >/dev/null";
        compare(List.of(
                new Turn("real zfs list -j", real.formatted(all), 0),
                // What our daemon knows of the spaces is old now.
                Turn.rest(ask(FIRST, "set quota=1G zones/many")),
                Turn.rest(ask(FIRST, "set quota=none zones/many")),
                new Turn("ours on OpenZFS, of one", ask(FIRST, one), 4),
                new Turn("ours on OpenZFS", ask(FIRST, all), 0),
                new Turn("ours on btrfs", ask(SECOND, all), 0),
                new Turn("real zfs list -j of one", real.formatted(one), 4),
                new Turn("ours on btrfs, of one", ask(SECOND, one), 4),
                new Turn("ours on btrfs, bin/zfs", client.formatted(all), 0),
                new Turn("ours on btrfs, bin/zfs of one", client.formatted(one), 4)));
    }

    /** All are durable when they are done, and what they made goes before the next. */
    private void streams() {
        String[] counted = sh(TREE.formatted(STREAM)).split(" ");
        inTurn(1, List.of(ask(SECOND, "create zones/unpacked")));
        System.out.printf("a stream of %.1f MB, %s files%n", Long.parseLong(counted[0]) / 1e6, counted[1]);
        String ours = SECOND + "/zones/unpacked/tree";
        String tar = SECOND + "/zones/unpacked/tar";
        compare(List.of(
                new Turn("zfs recv", "sh zfs recv -u zones/received <" + STREAM + " && zpool sync zones", 0),
                Turn.rest("sh zfs destroy -r zones/received && mkdir " + ours + " " + tar + " && sync"),
                new Turn("ours into btrfs", "unpack " + STREAM + " " + ours, 0),
                new Turn("tar of the same into btrfs", "sh tar -xf /root/tar -C " + tar + " && sync -f " + tar, 0),
                Turn.rest("sh rm -r " + ours + " " + tar + " && sync"),
                new Turn("zstream dump", "sh zstream dump <" + STREAM + " >/dev/null", 3),
                new Turn("ours, read and checked", "skip " + STREAM, 3)));
    }

    private void compare(List<Turn> turns) {
        List<long[]> took =
                inTurn(WARM_UP + rounds, turns.stream().map(Turn::line).toList());
        List<Turn> timed = turns.stream().filter(Turn::isTimed).toList();
        List<long[]> sorted = IntStream.range(0, timed.size())
                .mapToObj(i -> took.stream()
                        .skip(WARM_UP)
                        .mapToLong(round -> round[i])
                        .sorted()
                        .toArray())
                .toList();
        for (int i = 0; i < timed.size(); i++) {
            long[] peer = sorted.get(timed.get(i).peer());
            System.out.printf(
                    "%-34s p50 %7.0f ms  p95 %7.0f ms  ratio p50 %6.2f  p95 %6.2f  (the first: %.0f ms)%n",
                    timed.get(i).name(),
                    p50(sorted.get(i)) / 1e3,
                    p95(sorted.get(i)) / 1e3,
                    (double) p50(sorted.get(i)) / p50(peer),
                    (double) p95(sorted.get(i)) / p95(peer),
                    took.getFirst()[i] / 1e3);
        }
    }

    private static long p50(long[] sorted) {
        return sorted[sorted.length / 2];
    }

    private static long p95(long[] sorted) {
        return sorted[sorted.length * 95 / 100];
    }
}
