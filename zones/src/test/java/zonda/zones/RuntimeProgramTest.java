package zonda.zones;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.kernel.Command;

class RuntimeProgramTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    Path directory;

    private Path installed;

    @BeforeEach
    void install() throws IOException {
        installed = Files.createDirectories(directory.resolve("usr")).resolve("runtime");
        install("/bin/echo");
    }

    private void install(String program) throws IOException {
        // As package managers do it: another file of the same name.
        Path fresh = directory.resolve("usr/fresh");
        Files.copy(Path.of(program), fresh, StandardCopyOption.COPY_ATTRIBUTES);
        Files.move(fresh, installed, StandardCopyOption.ATOMIC_MOVE);
    }

    private static String run(Path program) {
        return Command.of(program.toString(), "said").check(SOON).strip();
    }

    @Test
    void it_runs_from_memory_under_its_own_name() throws IOException {
        Path program = new RuntimeProgram(installed, directory).current();
        assertThat(program).isEqualTo(directory.resolve("runtime"));
        assertThat(Files.readSymbolicLink(Files.readSymbolicLink(program)).toString())
                .startsWith("/memfd:runtime");
        assertThat(run(program)).isEqualTo("said");
    }

    @Test
    void nobody_can_change_it() {
        Path program = new RuntimeProgram(installed, directory).current();
        assertThatThrownBy(() -> Files.writeString(program, "other")).isInstanceOf(IOException.class);
        assertThat(run(program)).isEqualTo("said");
    }

    @Test
    void what_is_installed_anew_is_what_runs_next() throws IOException {
        var runtime = new RuntimeProgram(installed, directory);
        assertThat(run(runtime.current())).isEqualTo("said");
        install("/bin/basename");
        assertThat(Command.of(runtime.current().toString(), "/a/b").check(SOON).strip())
                .isEqualTo("b");
    }

    @Test
    void what_an_earlier_daemon_left_leads_nowhere_and_is_replaced() throws IOException {
        Files.createSymbolicLink(directory.resolve("runtime"), Path.of("/proc/4194304/fd/3"));
        assertThat(run(new RuntimeProgram(installed, directory).current())).isEqualTo("said");
    }
}
