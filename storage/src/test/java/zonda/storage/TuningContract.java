package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import zonda.base.Code;
import zonda.storage.DatasetProperty.Source;

/** How the data of datasets are stored: zfsprops(7), compression. */
abstract class TuningContract extends Contract {
    private void compress(String dataset, String word) {
        datasets().setTuning(dataset, old -> old.compression(Optional.of(word)));
    }

    private void inherit(String dataset) {
        datasets().setTuning(dataset, old -> old.compression(Optional.empty()));
    }

    private Source source(String dataset) {
        return datasets()
                .properties(dataset, java.util.List.of("compression"))
                .getFirst()
                .source();
    }

    private boolean isCompressed(String dataset) {
        return pool().compression(dataset).isPresent();
    }

    @Test
    void compression_is_handed_on_to_the_datasets_below_that_say_nothing_themselves() {
        create("tank/a", "tank/a/b", "tank/a/c", "tank/d");
        String usual = value("tank/a", "compression");
        compress("tank/a/c", "off");
        compress("tank/a", "zstd");
        create("tank/a/new");

        for (Supplier<Datasets> open : nowAndReopened()) {
            open.get();
            assertThat(value("tank/a", "compression")).isEqualTo("zstd");
            assertThat(source("tank/a")).isEqualTo(new Source.Local());
            assertThat(value("tank/a/b", "compression")).isEqualTo("zstd");
            assertThat(source("tank/a/b")).isEqualTo(new Source.Inherited("tank/a"));
            assertThat(value("tank/a/c", "compression")).isEqualTo("off");
            assertThat(value("tank/d", "compression")).isEqualTo(usual);
            assertThat(source("tank/d")).isEqualTo(new Source.Default());
            assertThat(pool().compression("tank/a")).hasValue("zstd");
            assertThat(pool().compression("tank/a/b")).hasValue("zstd");
            assertThat(pool().compression("tank/a/new")).hasValue("zstd");
            assertThat(isCompressed("tank/a/c")).isFalse();
        }

        inherit("tank/a/c");
        assertThat(pool().compression("tank/a/c")).hasValue("zstd");
        compress("tank/d", "off");
        datasets().rename("tank/a/b", "tank/d/b");
        assertThat(isCompressed("tank/d/b")).isFalse();
        assertThat(value("tank/d/b", "compression")).isEqualTo("off");
    }

    @Test
    void a_clone_and_a_rollback_do_not_bring_the_compression_of_the_snapshot_with_them() {
        create("tank/a", "tank/plain");
        compress("tank/a", "zstd");
        compress("tank/plain", "off");
        snapshot("tank/a@s");

        copy("tank/a@s", "tank/plain/clone");
        assertThat(isCompressed("tank/plain/clone")).isFalse();
        datasets()
                .clone(
                        "tank/a@s",
                        "tank/own",
                        DatasetOptions.DEFAULT.tuning(Tuning.NONE.compression(Optional.of("zstd"))));
        assertThat(pool().compression("tank/own")).hasValue("zstd");
        compress("tank/a", "off");
        datasets().rollback("tank/a@s", false);
        assertThat(isCompressed("tank/a")).isFalse();
    }

    @Test
    void a_word_that_is_no_algorithm_changes_nothing() {
        create("tank/a");
        String usual = value("tank/a", "compression");

        refused(
                Code.INVALID,
                "'compression' must be one of 'on | off | lzjb | gzip | gzip-[1-9] | zle | lz4 | zstd | zstd-[1-19] |"
                        + " zstd-fast | zstd-fast-[1-10,20,30,40,50,60,70,80,90,100,500,1000]'",
                () -> compress("tank/a", "gzip-10"));
        assertThat(value("tank/a", "compression")).isEqualTo(usual);
    }

    @Test
    void the_size_of_records_is_a_matter_of_drivers_that_have_records() {
        create("tank/a");

        if (datasets().hasRecords()) {
            datasets().setTuning("tank/a", old -> old.recordSize(OptionalInt.of(16_384)));
        } else {
            refused(
                    Code.NOT_SUPPORTED,
                    "cannot set property for 'tank/a': 'recordsize' is not supported by the driver "
                            + datasets().driverName(),
                    () -> datasets().setTuning("tank/a", old -> old.recordSize(OptionalInt.of(16_384))));
        }
    }
}
