package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Many datasets at a time. */
class ManyDatasetsIT {
    private static final int THREADS = 8;

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
    void hundreds_of_clones_are_all_there_when_the_pool_is_opened_again() throws Exception {
        inParallel(thread -> {
            for (int i = 0; i < 400 / THREADS; i++) {
                datasets.clone("tank/image@final", "tank/m" + thread + "-" + i, DatasetOptions.DEFAULT.mode(0700));
            }
        });

        List<Dataset> before = datasets.list();
        assertThat(before).hasSize(402);
        assertThat(pool.reopen().list()).isEqualTo(before);
        assertThat(pool.pool().findings()).isEmpty();
    }
}
