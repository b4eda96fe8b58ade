package zonda.storage;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
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
import zonda.kernel.Command;

/**
 * A pool on btrfs and its peers, in turn: {@code StorageBench SCRATCH TREE SNAPSHOTS ROUNDS}. The pool is in a file in
 * the scratch directory, and is taken away at the end.
 */
final class StorageBench {
    private static final Duration LIMIT = Duration.ofMinutes(10);
    /** Snapshots that a dataset of a host that has many has. */
    private static final int EACH = 100;

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
        var bench = new StorageBench(Path.of(arguments[0]), Integer.parseInt(arguments[3]));
        try {
            bench.run(Path.of(arguments[0]), Path.of(arguments[1]), Integer.parseInt(arguments[2]));
        } finally {
            bench.pools.destroy(bench.pool);
        }
    }

    private void run(Path scratch, Path tree, int snapshots) throws IOException {
        Datasets datasets = pool.datasets();
        Path image = datasets.create("bench/image", DatasetOptions.DEFAULT)
                .mountpoint()
                .orElseThrow();
        Command.of("cp", "-a", tree + "/.", image.toString()).check(LIMIT);
        datasets.snapshot("bench/image", "final");
        streams(scratch);
        clones("warm-up");
        clones("few");
        double few = snapshots("few");
        fill(snapshots);
        clones("many");
        double many = snapshots("many");
        System.out.printf("snapshot with %d snapshots against few: ratio %.2f (aim 1.50)%n", snapshots, many / few);
        listings();
    }

    private static double told(String what, long[] nanos) {
        Arrays.sort(nanos);
        double p50 = nanos[nanos.length / 2] / 1e6;
        System.out.printf("%-36s p50 %8.2f ms  p99 %8.2f ms%n", what, p50, nanos[nanos.length * 99 / 100] / 1e6);
        return p50;
    }

    private void clones(String what) {
        long[] nanos = new long[rounds];
        for (int i = 0; i < rounds; i++) {
            long began = System.nanoTime();
            pool.datasets().clone("bench/image@final", "bench/c" + i, DatasetOptions.DEFAULT);
            nanos[i] = System.nanoTime() - began;
        }
        for (int i = 0; i < rounds; i++) {
            pool.datasets().destroy("bench/c" + i, false);
        }
        told("clone and mount, " + what, nanos);
    }

    private double snapshots(String what) {
        long[] nanos = new long[rounds];
        for (int i = 0; i < rounds; i++) {
            long began = System.nanoTime();
            pool.datasets().snapshot("bench/image", "s" + i);
            nanos[i] = System.nanoTime() - began;
        }
        for (int i = 0; i < rounds; i++) {
            pool.datasets().destroy("bench/image@s" + i, false);
        }
        return told("snapshot, " + what, nanos);
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
            Command.of("btrfs", "subvolume", "list", top.toString()).check(LIMIT);
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
        long[] ours = new long[rounds];
        long[] theirs = new long[rounds];
        Path into = Files.createDirectory(top.resolve("received"));
        for (int i = 0; i < rounds; i++) {
            long began = System.nanoTime();
            try (InputStream in = new BufferedInputStream(Files.newInputStream(stream), 1 << 20)) {
                pool.datasets().streams().receive(ReceiveRequest.into("bench/r"), in, ReceiveListener.NONE);
            }
            ours[i] = System.nanoTime() - began;
            pool.datasets().destroy("bench/r", true);
            began = System.nanoTime();
            Command.of("btrfs", "receive", "-f", peer.toString(), into.toString())
                    .check(LIMIT);
            Command.of("btrfs", "filesystem", "sync", into.toString()).check(LIMIT);
            theirs[i] = System.nanoTime() - began;
            Command.of(
                            "btrfs",
                            "subvolume",
                            "delete",
                            into.resolve(image.guid()).toString())
                    .check(LIMIT);
        }
        Files.delete(into);
        double mine = told("receive of a stream", ours);
        double other = told("btrfs receive", theirs);
        System.out.printf(
                "%.0f MB/s against %.0f MB/s, ratio %.2f%n",
                Files.size(stream) / 1e3 / mine, Files.size(peer) / 1e3 / other, mine / other);
    }
}
