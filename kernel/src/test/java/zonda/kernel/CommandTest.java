package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.OpException;

class CommandTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    private static Command shell(String script) {
        return Command.of("sh", "-c", script);
    }

    @Test
    void output_and_errors_are_kept_apart_however_much_there_is() {
        Command.Result result = shell(
                        "head -c 300000 /dev/zero | tr '\\0' o; head -c 300000 /dev/zero | tr '\\0' e >&2")
                .run(SOON);

        assertThat(result.out()).isEqualTo("o".repeat(300_000));
        assertThat(result.err()).isEqualTo("e".repeat(300_000));
        assertThat(result.status()).isZero();
    }

    @Test
    void a_status_is_told_as_a_shell_tells_it() {
        assertThat(shell("exit 7").run(SOON).status()).isEqualTo(7);
        assertThat(shell("kill -TERM $$").run(SOON).status()).isEqualTo(128 + 15);
        assertThatThrownBy(() -> shell("echo why >&2; exit 7").check(SOON))
                .isInstanceOf(OpException.class)
                .hasMessageEndingWith(": exit 7: why");
    }

    @Test
    void its_input_is_empty_or_the_text_that_is_given() {
        assertThat(Command.of("cat").check(SOON)).isEmpty();
        assertThat(Command.of("cat").input("ä".repeat(100_000)).check(SOON)).isEqualTo("ä".repeat(100_000));
    }

    @Test
    void what_takes_too_long_is_killed() {
        assertThatThrownBy(() -> shell("echo $$; exec sleep 60").run(Duration.ofMillis(200)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("still running after PT0.2S, killed");
        assertThat(ProcessHandle.current()
                        .children()
                        .map(child -> child.info().commandLine().orElse("")))
                .noneMatch(line -> line.contains("sleep 60"));
    }

    @Test
    void what_it_leaves_running_does_not_hold_it_up() {
        Command.Result result = shell("sleep 30 & echo $!").run(Duration.ofSeconds(10));

        long left = Long.parseLong(result.out().strip());
        assertThat(ProcessHandle.of(left)).isPresent();
        LinuxProcess.find(left).orElseThrow().signal(Signals.SIGKILL);
    }

    @Test
    void it_gets_its_own_environment_and_directory_and_nothing_of_ours(@TempDir Path directory) {
        assertThat(Command.of("env").environment("A", "b c").check(SOON).lines())
                .containsExactlyInAnyOrder(
                        "A=b c", "LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        assertThat(Command.of("pwd").in(directory).check(SOON).strip()).isEqualTo(directory.toString());
        assertThat(shell("ls /proc/self/fd | wc -l").check(SOON).strip())
                .as("the standard three, and the directory that ls reads")
                .isEqualTo("4");
    }

    @Test
    void a_program_is_found_on_the_path_that_it_is_given(@TempDir Path directory) throws Exception {
        Path program = Files.writeString(directory.resolve("greet"), "#!/bin/sh\necho hello\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));

        assertThat(Command.of("greet").environment("PATH", directory + ":/bin").check(SOON))
                .isEqualTo("hello\n");
        assertThat(Command.of("cat", "/proc/self/cmdline").check(SOON))
                .as("its own name is as it was called")
                .isEqualTo("cat\0/proc/self/cmdline\0");
        assertThatThrownBy(() -> Command.of("greet").run(SOON))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("start greet: no such program in /usr/local/sbin:");
        assertThatThrownBy(() -> Command.of(directory + "/none").run(SOON))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("ENOENT");
    }
}
