package zonda.zones;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;

class MoveReadinessTest {
    @TempDir
    private Path directory;

    @Test
    void it_moves_this_process_where_it_is_and_stops_by_itself() throws IOException {
        Path procs = Files.createFile(directory.resolve("cgroup.procs"));
        var moves = new MoveReadiness(Optional.of(procs));

        moves.expect();

        assertThat(Await.until(Duration.ofSeconds(5), () -> isWritten(procs))).isTrue();
        assertThat(Await.until(Duration.ofSeconds(5), () -> !isRunning())).isTrue();
    }

    @Test
    void a_group_that_is_gone_or_unknown_is_no_matter() {
        new MoveReadiness(Optional.of(directory.resolve("no-such-group/cgroup.procs"))).expect();
        new MoveReadiness(Optional.empty()).expect();

        assertThat(Await.until(Duration.ofSeconds(5), () -> !isRunning())).isTrue();
    }

    private static boolean isWritten(Path file) {
        try {
            return Files.readString(file).equals("0");
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isRunning() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().equals("move-readiness"));
    }
}
