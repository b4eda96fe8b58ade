package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;
import zonda.kernel.BtrfsTrees;
import zonda.kernel.Fd;

/** Every verb ended at every step: by an exception, by the daemon's end, and by the host's. */
class CrashIT {
    Path directory;
    private final List<SortedMap<String, String>> expected = new ArrayList<>();
    private final List<Path> images = new ArrayList<>();

    List<VerbScript.Step> script() {
        return VerbScript.steps();
    }

    /** At how many steps of the verbs it is ended, at least. */
    int leastPoints() {
        return 50;
    }

    @BeforeEach
    void makeDirectory() {
        directory = ScratchPool.newDirectory();
    }

    @AfterEach
    void removeDirectory() {
        if (directory != null) {
            ScratchPool.delete(directory);
        }
    }

    private static final class Crash extends RuntimeException {}

    /** Runs the script once undisturbed; keeps what is seen, and the pool's file, before each step. */
    private void rehearse() {
        try (ScratchPool pool = ScratchPool.create()) {
            expected.add(VerbScript.observe(pool));
            for (VerbScript.Step step : script()) {
                Path image = directory.resolve("before-" + images.size());
                pool.copyAsInPowerCut(image);
                images.add(image);
                step.verb().on(pool);
                expected.add(VerbScript.observe(pool));
            }
        }
    }

    /** Whole, of the state before the verb or behind it, charged to whom it should be, and nothing else is there. */
    private void check(ScratchPool pool, int step, String when) {
        assertThat(pool.pool().findings()).as(when).isEmpty();
        assertThat(VerbScript.observe(pool)).as(when).isIn(expected.get(step), expected.get(step + 1));
        List<Dataset> datasets = pool.datasets().list();
        pool.sync();
        try (Fd top = Fd.openDirectory(pool.config().top())) {
            Map<Long, BtrfsTrees.Group> groups = BtrfsTrees.groups(top);
            for (Dataset dataset : datasets) {
                long id = BtrfsAccounts.group(Guid.parse(dataset.guid()).orElseThrow());
                assertThat(groups).as(when).containsKey(id);
                OptionalLong limit = groups.get(id).limit();
                boolean isTop = dataset.name().equals(pool.datasets().root());
                if (reserves(pool, dataset) || isTop) {
                    // What it may write is what the accounts above it leave, and all what destroying needs.
                    assertThat(limit).as(when + ": limit of " + dataset.name()).isPresent();
                } else {
                    assertThat(limit)
                            .as(when + ": limit of " + dataset.name())
                            .isEqualTo(dataset.quota()
                                    .map(quota -> OptionalLong.of(quota.value()))
                                    .orElse(OptionalLong.empty()));
                }
            }
        }
        long nodes = datasets.stream()
                .mapToLong(dataset -> 1
                        + pool.datasets().snapshots(dataset.name()).size()
                        + pool.datasets().bookmarks(dataset.name()).size())
                .sum();
        assertThat(files(pool, ".zonda/store")).as(when + ": one record each").hasSize((int) nodes);
        List<String> snapshots = datasets.stream()
                .flatMap(dataset -> pool.datasets().snapshots(dataset.name()).stream())
                .map(snapshot -> snapshot.guid() + ".objects")
                .toList();
        assertThat(snapshots).as(when + ": maps of snapshots only").containsAll(files(pool, ".zonda/maps"));
    }

    private static boolean reserves(ScratchPool pool, Dataset dataset) {
        return pool.datasets().properties(dataset.name(), List.of("reservation")).stream()
                .anyMatch(one -> one.value() instanceof DatasetProperty.Value.Size(Bytes size) && size.value() > 0);
    }

    static List<String> files(ScratchPool pool, String place) {
        Path directory = pool.config().top().resolve(place);
        if (!Files.exists(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void a_verb_that_fails_at_any_step_leaves_the_pool_before_or_behind_it() {
        rehearse();
        var steps = script();
        var points = new AtomicInteger();
        for (int i = 0; i < steps.size(); i++) {
            boolean crashed = true;
            for (int point = 1; crashed; point++) {
                try (ScratchPool pool = ScratchPool.ofCopy(images.get(i))) {
                    var where = new AtomicReference<String>();
                    crashAt(pool, point, step -> {
                        where.set(step);
                        throw new Crash();
                    });
                    crashed = fails(steps.get(i), pool);
                    String when = steps.get(i) + ", failed at " + where.get();
                    pool.crashAt(zonda.base.Journal.CrashPoint.NONE);
                    var seen = VerbScript.observe(pool);
                    assertThat(seen).as(when).isIn(expected.get(i), expected.get(i + 1));
                    pool.reopen();
                    check(pool, i, when + ", then opened again");
                    assertThat(VerbScript.observe(pool))
                            .as(when + ", opened again")
                            .isEqualTo(seen);
                    points.incrementAndGet();
                }
            }
        }
        assertThat(points).hasValueGreaterThan(leastPoints());
    }

    private static boolean fails(VerbScript.Step step, ScratchPool pool) {
        try {
            step.verb().on(pool);
            return false;
        } catch (Crash e) {
            return true;
        }
    }

    private static void crashAt(ScratchPool pool, int point, zonda.base.Journal.CrashPoint crash) {
        var passed = new AtomicInteger();
        pool.crashAt(step -> {
            if (passed.incrementAndGet() == point) {
                crash.passed(step);
            }
        });
    }

    /** The thread stays where it is for good, and a new service opens the pool, as after kill -9. */
    @Test
    void a_daemon_killed_at_any_step_finds_the_pool_before_or_behind_the_verb() throws InterruptedException {
        rehearse();
        var steps = script();
        for (int i = 0; i < steps.size(); i++) {
            boolean crashed = true;
            for (int point = 1; crashed; point++) {
                try (ScratchPool pool = ScratchPool.ofCopy(images.get(i))) {
                    var where = new AtomicReference<String>();
                    var over = new CountDownLatch(1);
                    crashAt(pool, point, step -> {
                        where.set(step);
                        over.countDown();
                        while (true) {
                            LockSupport.park();
                        }
                    });
                    VerbScript.Step step = steps.get(i);
                    Thread.ofPlatform().daemon().start(() -> {
                        step.verb().on(pool);
                        over.countDown();
                    });
                    assertThat(over.await(30, java.util.concurrent.TimeUnit.SECONDS))
                            .isTrue();
                    crashed = where.get() != null;
                    pool.crashAt(zonda.base.Journal.CrashPoint.NONE);
                    pool.reopen();
                    check(pool, i, step + ", killed at " + where.get());
                    if (!crashed) {
                        assertThat(VerbScript.observe(pool)).as("acknowledged").isEqualTo(expected.get(i + 1));
                    }
                }
            }
        }
    }

    @Test
    void a_power_cut_at_any_step_leaves_the_pool_before_or_behind_the_verb() {
        record Cut(int step, String point, boolean acknowledged, Path image) {}
        var cuts = new ArrayList<Cut>();
        try (ScratchPool pool = ScratchPool.create()) {
            expected.add(VerbScript.observe(pool));
            var steps = script();
            for (int i = 0; i < steps.size(); i++) {
                int step = i;
                pool.crashAt(point -> {
                    Path image = directory.resolve("cut-" + cuts.size());
                    pool.copyAsInPowerCut(image);
                    cuts.add(new Cut(step, point, false, image));
                });
                steps.get(i).verb().on(pool);
                Path image = directory.resolve("cut-" + cuts.size());
                pool.copyAsInPowerCut(image);
                cuts.add(new Cut(i, "return", true, image));
                expected.add(VerbScript.observe(pool));
            }
        }
        assertThat(cuts).hasSizeGreaterThan(leastPoints());

        for (Cut cut : cuts) {
            String when = script().get(cut.step()) + ", power cut at " + cut.point();
            try (ScratchPool pool = ScratchPool.ofCopy(cut.image())) {
                check(pool, cut.step(), when);
                var seen = VerbScript.observe(pool);
                if (cut.acknowledged()) {
                    assertThat(seen).as(when).isEqualTo(expected.get(cut.step() + 1));
                }
                pool.reopen();
                assertThat(VerbScript.observe(pool)).as(when + ", opened twice").isEqualTo(seen);
            }
        }
    }
}
