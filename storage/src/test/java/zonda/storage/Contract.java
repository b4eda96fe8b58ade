package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import zonda.base.Code;
import zonda.base.OpException;

/** What every contract of the dataset service needs; each is run over a fake driver, and over real ones. */
abstract class Contract {
    private ContractPool pool;

    abstract ContractPool makePool();

    @AfterEach
    void closePool() {
        if (pool != null) {
            pool.close();
        }
    }

    /** Made when it is asked for first: making one can take seconds. */
    ContractPool pool() {
        if (pool == null) {
            pool = makePool();
        }
        return pool;
    }

    Datasets datasets() {
        return pool().datasets();
    }

    /** Now, and after the daemon was started again. */
    List<Supplier<Datasets>> nowAndReopened() {
        return List.of(pool()::datasets, pool()::reopen);
    }

    void create(String... names) {
        Stream.of(names).forEach(name -> datasets().create(name, DatasetOptions.DEFAULT));
    }

    void snapshot(String... names) {
        Stream.of(names).forEach(name -> datasets().snapshots(List.of(name), java.util.Map.of()));
    }

    void copy(String snapshot, String name) {
        datasets().clone(snapshot, name, DatasetOptions.DEFAULT);
    }

    void write(String dataset, String text) {
        pool().write(dataset, text);
    }

    String read(String dataset) {
        return pool().read(dataset);
    }

    static List<String> names(Datasets datasets) {
        return datasets.list().stream()
                .flatMap(dataset -> Stream.of(
                                Stream.of(dataset.name()),
                                datasets.snapshots(dataset.name()).stream().map(Snapshot::name),
                                datasets.bookmarks(dataset.name()).stream().map(Bookmark::name))
                        .flatMap(part -> part))
                .toList();
    }

    /** All names on the pool but its own, now and after a restart, which found nothing amiss. */
    void left(String... names) {
        for (Supplier<Datasets> open : nowAndReopened()) {
            List<String> found = new java.util.ArrayList<>(names(open.get()));
            found.remove("tank");
            assertThat(found).containsExactly(names);
        }
        assertThat(pool().findings()).isEmpty();
    }

    String value(String name, String property) {
        return datasets().properties(name, List.of(property)).stream()
                .map(one -> switch (one.value()) {
                    case DatasetProperty.Value.Text(String text) -> text;
                    case DatasetProperty.Value.Count(long number) -> String.valueOf(number);
                    case DatasetProperty.Value.Size(var bytes) -> String.valueOf(bytes.value());
                    case DatasetProperty.Value.Time(long seconds) -> String.valueOf(seconds);
                    case DatasetProperty.Value.Many(var number) ->
                        number.isPresent() ? String.valueOf(number.getAsLong()) : "none";
                    case DatasetProperty.Value.NoLimit() -> "none";
                })
                .findFirst()
                .orElse("-");
    }

    /** Refused in exactly these words, and nothing on the pool is other than before. */
    void refused(Code code, String message, ThrowingCallable verb) {
        List<String> before = names(datasets());
        assertThatThrownBy(verb)
                .isInstanceOfSatisfying(
                        OpException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessage(message);
        assertThat(names(datasets())).isEqualTo(before);
    }
}
