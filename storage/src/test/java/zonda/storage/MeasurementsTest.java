package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Bytes;

class MeasurementsTest {
    @TempDir
    private Path directory;

    private final Measurements measurements = new Measurements();
    private final AtomicInteger measured = new AtomicInteger();

    private Bytes measure(Path subvolume, long generation) {
        return measurements.of(subvolume, generation, () -> Bytes.of(measured.incrementAndGet()));
    }

    @Test
    void a_subvolume_is_measured_once_for_each_generation() {
        assertThat(measure(directory, 1)).isEqualTo(Bytes.of(1));
        assertThat(measure(directory, 1)).isEqualTo(Bytes.of(1));
        assertThat(measure(directory, 2)).isEqualTo(Bytes.of(2));
        assertThat(measurements.size()).isEqualTo(1);
    }

    @Test
    void a_snapshot_is_not_looked_at_again_until_it_is_gone() {
        assertThat(measurements.ofSnapshot(directory)).isEmpty();
        measure(directory, 1);

        assertThat(measurements.ofSnapshot(directory)).hasValue(Bytes.of(1));
        measurements.forget(directory);
        assertThat(measurements.ofSnapshot(directory)).isEmpty();
    }

    @Test
    void what_was_forgotten_is_measured_again() {
        measure(directory, 1);
        measurements.forget(directory);

        assertThat(measurements.size()).isZero();
        assertThat(measure(directory, 1)).isEqualTo(Bytes.of(2));
    }

    @Test
    void nothing_is_remembered_of_what_was_destroyed_while_it_was_measured() throws IOException {
        Path gone = Files.createDirectory(directory.resolve("gone"));

        measurements.of(gone, 1, () -> {
            gone.toFile().delete();
            return Bytes.of(1);
        });

        assertThat(measurements.size()).isZero();
    }
}
