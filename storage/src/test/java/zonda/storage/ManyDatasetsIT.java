package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Many datasets at a time, and one after another; times are printed, and held to bounds that only a mistake breaks. */
class ManyDatasetsIT {
    private static final int THREADS = 8;
    private static final int ROUNDS = 40;

    private ScratchPool pool;
    private Datasets datasets;

    @BeforeEach
    void makePoolWithImage() throws IOException {
        pool = ScratchPool.create();
        datasets = pool.datasets();
        datasets.create("tank/image", DatasetOptions.DEFAULT);
        Files.writeString(pool.mountpoint().resolve("image/file"), "of the image");
        datasets.snapshot("tank/image", "final");
    }

    @AfterEach
    void takePoolAway() {
        if (pool != null) {
            pool.close();
        }
    }

    private void inParallel(ThreadWork work) throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var all = new ArrayList<Future<?>>();
            for (int i = 0; i < THREADS; i++) {
                int thread = i;
                all.add(threads.submit(() -> {
                    work.run(thread);
                    return thread;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
    }

    private interface ThreadWork {
        void run(int thread) throws Exception;
    }

    @Test
    void eight_threads_clone_and_destroy_without_a_trace() throws Exception {
        long start = System.nanoTime();
        inParallel(thread -> {
            for (int i = 0; i < 12; i++) {
                String name = "tank/t" + thread + "-" + i;
                datasets.clone("tank/image@final", name, DatasetOptions.DEFAULT.mode(0700));
                assertThat(pool.mountpoint().resolve(name.substring(5)).resolve("file"))
                        .hasContent("of the image");
                datasets.snapshot(name, "s");
                datasets.setProperty(name, "a:b", "c");
                if (i % 3 == 0) {
                    datasets.rename(name, name + "-renamed");
                    name = name + "-renamed";
                }
                if (i % 4 != 0) {
                    datasets.destroy(name, true);
                }
            }
        });
        System.out.printf("96 clones by 8 threads, and more: %d ms%n", (System.nanoTime() - start) / 1_000_000);

        List<Dataset> left = datasets.list();
        assertThat(left).hasSize(2 + THREADS * 3);
        assertThat(pool.exportAndOpen().list()).isEqualTo(left);
        assertThat(pool.pool().findings()).isEmpty();
    }

    @Test
    void threads_that_want_one_name_get_it_once() throws Exception {
        var made = new java.util.concurrent.atomic.AtomicInteger();
        inParallel(thread -> {
            try {
                datasets.clone("tank/image@final", "tank/one", DatasetOptions.DEFAULT);
                made.incrementAndGet();
            } catch (zonda.base.OpException e) {
                assertThat(e.code()).isEqualTo(zonda.base.Code.CONFLICT);
            }
        });
        assertThat(made).hasValue(1);
        assertThat(pool.reopen().list()).hasSize(3);
        assertThat(pool.pool().findings()).isEmpty();
    }

    @Test
    void verbs_are_not_much_slower_among_many_datasets_and_a_restart_takes_little() throws Exception {
        Times few = measure("few");
        long start = System.nanoTime();
        inParallel(thread -> {
            for (int i = 0; i < 2000 / THREADS; i++) {
                datasets.clone("tank/image@final", "tank/m" + thread + "-" + i, DatasetOptions.DEFAULT.mode(0700));
            }
        });
        System.out.printf("2000 clones by 8 threads: %d ms%n", (System.nanoTime() - start) / 1_000_000);
        Times many = measure("2000");

        start = System.nanoTime();
        List<Dataset> before = datasets.list();
        System.out.printf("list of 2000: %d ms%n", (System.nanoTime() - start) / 1_000_000);
        start = System.nanoTime();
        Datasets reopened = pool.reopen();
        long reopen = (System.nanoTime() - start) / 1_000_000;
        System.out.printf("reopened with 2000 mounted: %d ms%n", reopen);
        assertThat(reopened.list()).isEqualTo(before);
        assertThat(pool.pool().findings()).isEmpty();
        assertThat(reopen).as("ms to reopen").isLessThan(10_000);
        assertThat(many.cloning()).as("ms to clone among many").isLessThan(20 * few.cloning() + 100);
        assertThat(many.destroying()).as("ms to destroy among many").isLessThan(20 * few.destroying() + 100);
    }

    private record Times(double cloning, double destroying) {}

    private Times measure(String among) {
        var clones = new double[ROUNDS];
        var destroys = new double[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            long start = System.nanoTime();
            datasets.clone("tank/image@final", "tank/measured", DatasetOptions.DEFAULT.mode(0700));
            clones[i] = (System.nanoTime() - start) / 1e6;
            start = System.nanoTime();
            datasets.destroy("tank/measured", true);
            destroys[i] = (System.nanoTime() - start) / 1e6;
        }
        Arrays.sort(clones);
        Arrays.sort(destroys);
        System.out.printf(
                "among %s: clone and mount p50 %.1f ms, p95 %.1f; destroy p50 %.1f ms, p95 %.1f%n",
                among,
                clones[ROUNDS / 2],
                clones[ROUNDS * 95 / 100],
                destroys[ROUNDS / 2],
                destroys[ROUNDS * 95 / 100]);
        return new Times(clones[ROUNDS / 2], destroys[ROUNDS / 2]);
    }
}
