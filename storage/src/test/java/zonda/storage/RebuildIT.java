package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;

/** A pool whose records are lost gets them again from what lies beside the datasets. */
class RebuildIT {
    private ScratchPool pool;

    @BeforeEach
    void makePool() {
        pool = ScratchPool.create();
    }

    @AfterEach
    void takePoolAway() {
        if (pool != null) {
            pool.close();
        }
    }

    private Path store() {
        return pool.config().top().resolve(".zonda/store");
    }

    /** Everything that there is to know, but for space, which is no record's affair. */
    private static Map<String, List<DatasetProperty>> all(Datasets datasets) {
        Map<String, List<DatasetProperty>> all = new TreeMap<>();
        for (String name : Contract.names(datasets)) {
            all.put(
                    name,
                    datasets.properties(name).stream()
                            .filter(one ->
                                    !List.of("used", "available", "referenced").contains(one.name()))
                            .toList());
        }
        return all;
    }

    private void fill(Datasets datasets) {
        datasets.create(
                "tank/a",
                DatasetOptions.DEFAULT
                        .quota(Bytes.ofMiB(64))
                        .mode(0700)
                        .property("x:y", "\u00e9 \"quoted\"\n")
                        .allotment(Allotment.NONE
                                .reservation(Optional.of(Bytes.ofMiB(8)))
                                .snapshots(OptionalLong.of(9))));
        datasets.create("tank/a/b", DatasetOptions.DEFAULT);
        datasets.create("tank/v", DatasetOptions.DEFAULT.volume(new VolumeShape(Bytes.ofMiB(4), 4096)));
        pool.write("tank/a", "text of a");
        datasets.snapshots(List.of("tank/a@one", "tank/a/b@one", "tank/v@one"), Map.of("of:it", "1"));
        datasets.hold("tag", List.of("tank/a@one"));
        datasets.bookmark("tank/a@one", "tank/a#mark");
        datasets.bookmark("tank/a@one", "tank/a#gone");
        datasets.destroy("tank/a#gone", DestroyOptions.ALONE);
        datasets.snapshot("tank/a", "gone");
        datasets.destroy("tank/a@gone", false);
        datasets.clone("tank/a/b@one", "tank/clone", DatasetOptions.DEFAULT);
        datasets.promote("tank/clone");
        datasets.renameSnapshots(List.of("tank/v@one"), "renamed");
        datasets.rename("tank/a", "tank/z");
        datasets.create("tank/doomed", DatasetOptions.DEFAULT);
        datasets.snapshot("tank/doomed", "s");
        datasets.destroy("tank/doomed", true);
        datasets.setSnapshotProperty("tank/z@one", "of:it", "2");
    }

    @Test
    void all_records_are_made_again_as_they_were() {
        fill(pool.datasets());
        Map<String, List<DatasetProperty>> before = all(pool.datasets());
        pool.pool().close();
        ScratchPool.delete(store());

        assertThatThrownBy(pool::reopen).hasMessageContaining("its records are lost");
        assertThat(pool.pools().rebuild(pool.config())).isEqualTo(before.size());

        Datasets after = pool.reopen();
        assertThat(pool.findings()).isEmpty();
        assertThat(all(after)).isEqualTo(before);
        assertThat(pool.read("tank/z")).isEqualTo("text of a");
        assertThatThrownBy(() -> after.destroy("tank/z@one", false)).hasMessageContaining("it's being held");
        assertThatThrownBy(() -> after.destroy("tank/clone@one", false)).hasMessageContaining("dependent clones");
        after.create("tank/new", DatasetOptions.DEFAULT);
        after.release("tag", List.of("tank/z@one"));
        after.destroy("tank/clone", new DestroyOptions(true, true, false));
    }

    @Test
    void what_is_missing_is_made_again_and_what_is_there_stays() throws IOException {
        fill(pool.datasets());
        Map<String, List<DatasetProperty>> before = all(pool.datasets());
        pool.sync();
        pool.reopen();
        pool.pool().close();
        List<Path> files = new ArrayList<>();
        try (Stream<Path> entries = Files.list(store())) {
            entries.filter(file -> file.toString().endsWith(".json")).forEach(files::add);
        }
        assertThat(files).hasSize(before.size());
        List<Path> lost = files.subList(0, 4);
        for (Path file : lost) {
            Files.delete(file);
        }

        assertThat(pool.pools().rebuild(pool.config())).isEqualTo(4);
        assertThat(pool.pools().rebuild(pool.config())).isZero();

        assertThat(all(pool.reopen())).isEqualTo(before);
        assertThat(pool.findings()).isEmpty();
    }

    @Test
    void what_a_crash_left_undescribed_is_described_when_the_pool_is_opened() {
        fill(pool.datasets());
        Map<String, List<DatasetProperty>> before = all(pool.datasets());
        pool.driver()
                .describe(
                        Guid.parse(pool.datasets().find("tank/z").orElseThrow().guid())
                                .orElseThrow(),
                        "{}");
        pool.reopen();
        pool.pool().close();
        ScratchPool.delete(store());

        pool.pools().rebuild(pool.config());

        assertThat(all(pool.reopen())).isEqualTo(before);
    }
}
