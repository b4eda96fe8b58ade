package zonda.it;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import zonda.kernel.Command;

/**
 * {@code zfs list} of many datasets by the command that an operator types, on a pool of btrfs of its own, in turn with
 * {@code btrfs subvolume list}: {@code ListBench DATASETS ROUNDS}.
 */
final class ListBench {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final int CLIENTS = 4;

    private final Instance zonda = new Instance();

    private ListBench() {}

    public static void main(String[] arguments) throws Exception {
        var bench = new ListBench();
        bench.zonda.make(Map.of());
        try {
            bench.fill(Integer.parseInt(arguments[0]));
            bench.run(Integer.parseInt(arguments[1]));
        } finally {
            bench.zonda.takeAway();
        }
        System.exit(0);
    }

    private void good(String... words) {
        Ran ran = zonda.run("zfs", words);
        if (ran.status() != 0) {
            throw new IllegalStateException(ran.toString());
        }
    }

    /** Without mounts: those are another matter. */
    private void fill(int datasets) throws Exception {
        good("create", "-o", "mountpoint=none", "zones/many");
        good("create", "zones/many/origin");
        good("snapshot", "zones/many/origin@s");
        List<Future<?>> made = new ArrayList<>();
        try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
            for (int i = 0; i < datasets; i++) {
                String name = "zones/many/d" + i;
                made.add(clients.submit(() -> good("clone", "zones/many/origin@s", name)));
            }
        }
        for (Future<?> one : made) {
            one.get();
        }
    }

    private void run(int rounds) throws Exception {
        List<List<String>> lists = List.of(
                List.of("zfs", "list", "-H", "zones/many"),
                List.of("zfs", "list", "-H", "-p"),
                List.of("zfs", "list", "-j"),
                List.of("zfs", "list", "-j", "-p"),
                List.of(
                        "btrfs",
                        "subvolume",
                        "list",
                        zonda.root().resolve("zones").toString()));
        double[][] millis = new double[lists.size()][rounds];
        for (int round = -2; round < rounds; round++) {
            for (int i = 0; i < lists.size(); i++) {
                Command command = command(lists.get(i));
                double took = millis(() -> command.check(LIMIT));
                if (round >= 0) {
                    millis[i][round] = took;
                }
            }
        }
        double theirs = p50(millis[lists.size() - 1]);
        for (int i = 0; i < lists.size(); i++) {
            List<String> words = lists.get(i);
            String name = words.getFirst().equals("zfs") ? String.join(" ", words) : "btrfs subvolume list";
            double p50 = p50(millis[i]);
            System.out.printf(
                    "%-28s p50 %7.0f ms  p95 %7.0f ms  ratio %.2f%n",
                    name, p50, millis[i][rounds * 95 / 100], p50 / theirs);
        }
    }

    private Command command(List<String> words) {
        if (!words.getFirst().equals("zfs")) {
            return Command.of(words);
        }
        List<String> argv = new ArrayList<>(Programs.client("zfs", "-"));
        argv.addAll(words.subList(1, words.size()));
        return Command.of(argv)
                .environment("ZONDA_SOCKET", zonda.identity().socket().toString());
    }

    private static double millis(Callable<?> work) throws Exception {
        long began = System.nanoTime();
        work.call();
        return (System.nanoTime() - began) / 1e6;
    }

    private static double p50(double[] millis) {
        Arrays.sort(millis);
        return millis[millis.length / 2];
    }
}
