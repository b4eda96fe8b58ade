package zonda.storage;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import zonda.base.Bytes;
import zonda.base.Journal.CrashPoint;
import zonda.base.Undo;
import zonda.kernel.Command;

/**
 * A pool on btrfs and its peers, in turn: {@code StorageBench SCRATCH TREE SNAPSHOTS ROUNDS [streams] [verbs]}. The pool
 * is in a file in the scratch directory, and is taken away at the end.
 */
final class StorageBench {
    private static final Duration LIMIT = Duration.ofMinutes(10);
    /** Snapshots that a dataset of a host that has many has. */
    private static final int EACH = 100;
    /** Zones that a large host has, and those that it has had. */
    private static final int CLONES = 2_000;
    /** Streams of a whole tree take seconds. */
    private static final int STREAMED = 5;

    private final Pools pools = new Pools(InstantSource.system(), new SplittableRandom(), CrashPoint.NONE);
    private final Pool pool;
    private final Path top;
    private final int rounds;

    private StorageBench(Path scratch, int rounds) {
        PoolConfig config = PoolConfig.embedded(
                        "bench", scratch.resolve("mnt"), scratch.resolve("run"), scratch.resolve("pool.img"))
                .withDriver(Optional.of(PoolConfig.Driver.BTRFS));
        this.pool = pools.create(config, Optional.of(Bytes.ofGiB(16)));
        this.top = config.top();
        this.rounds = rounds;
    }

    public static void main(String[] arguments) throws IOException {
        Path scratch = Path.of(arguments[0]);
        var bench = new StorageBench(scratch, Integer.parseInt(arguments[3]));
        try (var undo = new Undo()) {
            undo.add(() -> bench.pools.destroy(bench.pool));
            bench.copy(Path.of(arguments[1]));
            if (List.of(arguments).indexOf("streams") > 3) {
                bench.streams(scratch);
            }
            if (List.of(arguments).indexOf("verbs") > 3) {
                bench.verbs(Integer.parseInt(arguments[2]));
            }
        }
    }

    private void copy(Path tree) {
        Path image = pool.datasets()
                .create("bench/image", DatasetOptions.DEFAULT)
                .mountpoint()
                .orElseThrow();
        Command.of("cp", "-a", tree + "/.", image.toString()).check(LIMIT);
        pool.datasets().snapshot("bench/image", "final");
    }

    private void verbs(int snapshots) throws IOException {
        measure("warm-up");
        rest();
        Latencies few = measure("few");
        fill(snapshots);
        rest();
        measure(snapshots + " snapshots").against(few);
        listings();
        age();
        measure("aged, not at rest").against(few);
        rest();
        measure("aged").against(few);
    }

    /** Until the kernel has freed what was destroyed, all who make something wait for that. */
    private void rest() {
        btrfs("sync", top.toString());
    }

    /** At p50, in milliseconds. */
    private record Latencies(double cloning, double snapshot, double destroy) {
        void against(Latencies few) {
            System.out.printf(
                    "ratios to few: clone %.2f, snapshot %.2f, destroy %.2f (aim 1.50)%n",
                    cloning / few.cloning, snapshot / few.snapshot, destroy / few.destroy);
        }
    }

    private Latencies measure(String what) {
        long[] destroys = new long[rounds];
        double clone = clones(what, destroys);
        return new Latencies(clone, snapshots(what), told("destroy of a clone, " + what, destroys));
    }

    private static double told(String what, long[] nanos) {
        Arrays.sort(nanos);
        double p50 = nanos[nanos.length / 2] / 1e6;
        System.out.printf("%-36s p50 %8.2f ms  p99 %8.2f ms%n", what, p50, nanos[nanos.length * 99 / 100] / 1e6);
        return p50;
    }

    private static long timed(Runnable verb) {
        long began = System.nanoTime();
        verb.run();
        return System.nanoTime() - began;
    }

    private void cloneOf(String name) {
        pool.datasets().clone("bench/image@final", name, DatasetOptions.DEFAULT);
    }

    private double clones(String what, long[] destroys) {
        long[] nanos = new long[rounds];
        for (int i = 0; i < rounds; i++) {
            String name = "bench/c" + i;
            nanos[i] = timed(() -> cloneOf(name));
        }
        for (int i = 0; i < rounds; i++) {
            String name = "bench/c" + i;
            destroys[i] = timed(() -> pool.datasets().destroy(name, false));
        }
        return told("clone and mount, " + what, nanos);
    }

    /** In turn with the same by btrfs' own program, whose start is part of its time. */
    private double snapshots(String what) {
        long[] nanos = new long[rounds];
        long[] theirs = new long[rounds];
        Path image =
                pool.datasets().find("bench/image").orElseThrow().mountpoint().orElseThrow();
        for (int i = 0; i < rounds; i++) {
            String name = "s" + i;
            nanos[i] = timed(() -> pool.datasets().snapshot("bench/image", name));
            theirs[i] = timed(() -> btrfs("snapshot", "-r", image.toString(), bare(name)));
        }
        for (int i = 0; i < rounds; i++) {
            pool.datasets().destroy("bench/image@s" + i, false);
            btrfs("delete", bare("s" + i));
        }
        double ours = told("snapshot, " + what, nanos);
        System.out.printf("ratio %.2f%n", ours / told("btrfs subvolume snapshot, " + what, theirs));
        return ours;
    }

    private static void btrfs(String... words) {
        Command.of("btrfs", "subvolume").with(words).check(LIMIT);
    }

    private String bare(String name) {
        return top.resolve("bare-" + name).toString();
    }

    private void fill(int snapshots) {
        List<String> names = IntStream.range(0, Math.ceilDiv(snapshots, EACH))
                .mapToObj(i -> "bench/d" + i)
                .toList();
        names.forEach(name -> pool.datasets().create(name, DatasetOptions.DEFAULT));
        for (int i = 0; i < EACH; i++) {
            String snapshot = "@s" + i;
            pool.datasets()
                    .snapshots(names.stream().map(name -> name + snapshot).toList(), Map.of());
        }
    }

    /** Clones that are mounted, each changed and with a snapshot; half of them went, and others came in their places. */
    private void age() throws IOException {
        for (int i = 0; i < CLONES; i++) {
            used("bench/old" + i);
        }
        for (int i = 0; i < CLONES; i += 2) {
            pool.datasets().destroy("bench/old" + i, true);
            used("bench/old" + i);
        }
        System.out.printf("aged by %d clones, of which half came in the place of others%n", CLONES);
    }

    private void used(String name) throws IOException {
        cloneOf(name);
        Path mounted = pool.datasets().find(name).orElseThrow().mountpoint().orElseThrow();
        Files.writeString(mounted.resolve("written"), name.repeat(1000));
        pool.datasets().snapshot(name, "s");
    }

    /** What {@code zfs list -t all} reads, against the list of subvolumes, which has no properties. */
    private void listings() {
        long[] ours = new long[rounds];
        long[] theirs = new long[rounds];
        int count = 0;
        for (int i = 0; i < rounds; i++) {
            long began = System.nanoTime();
            count = list();
            ours[i] = System.nanoTime() - began;
            began = System.nanoTime();
            btrfs("list", top.toString());
            theirs[i] = System.nanoTime() - began;
        }
        double ratio = told("list of " + count, ours) / told("btrfs subvolume list", theirs);
        System.out.printf("ratio %.2f%n", ratio);
    }

    private int list() {
        List<List<DatasetProperty>> rows = new ArrayList<>();
        for (Dataset dataset : pool.datasets().list()) {
            rows.add(pool.datasets()
                    .properties(dataset.name(), List.of("used", "available", "referenced", "mountpoint")));
            pool.datasets()
                    .snapshots(dataset.name())
                    .forEach(one -> rows.add(pool.datasets().properties(one.name(), List.of("referenced"))));
        }
        return rows.size();
    }

    private void streams(Path scratch) throws IOException {
        Path stream = scratch.resolve("image.zs");
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(stream), 1 << 20)) {
            pool.datasets().streams().send(SendRequest.of("bench/image@final"), out, _ -> {});
        }
        Path peer = scratch.resolve("image.btrfs");
        Snapshot image = pool.datasets().findSnapshot("bench/image@final").orElseThrow();
        Path frozen = pool.datasets().directory(image.name());
        Command.of("btrfs", "send", "-q", "-f", peer.toString(), frozen.toString())
                .check(LIMIT);
        Path into = Files.createDirectory(top.resolve("received"));
        long[] ours = new long[STREAMED];
        long[] theirs = new long[STREAMED];
        for (int i = -1; i < STREAMED; i++) {
            long mine = timed(() -> receive(stream));
            pool.datasets().destroy("bench/r", true);
            long other = timed(() -> receiveByBtrfs(peer, into));
            btrfs("delete", into.resolve(image.guid()).toString());
            if (i >= 0) {
                ours[i] = mine;
                theirs[i] = other;
            }
        }
        Files.delete(into);
        double mine = told("receive of a stream", ours);
        double other = told("btrfs receive", theirs);
        System.out.printf(
                "%.0f MB/s against %.0f MB/s, ratio of the times %.2f%n",
                Files.size(stream) / 1e3 / mine, Files.size(peer) / 1e3 / other, mine / other);
        Files.delete(stream);
        Files.delete(peer);
    }

    private void receive(Path stream) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(stream), 1 << 20)) {
            pool.datasets().streams().receive(ReceiveRequest.into("bench/r"), in, ReceiveListener.NONE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void receiveByBtrfs(Path stream, Path into) {
        Command.of("btrfs", "receive", "-f", stream.toString(), into.toString()).check(LIMIT);
        Command.of("btrfs", "filesystem", "sync", into.toString()).check(LIMIT);
    }
}
