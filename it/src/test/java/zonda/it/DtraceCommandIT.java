package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.kernel.Command;
import zonda.kernel.LinuxProcess;

/** dtrace(8) through the daemon: its output, its status, and its end when the caller wants one. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DtraceCommandIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    @Test
    void output_words_and_status_come_to_the_caller() {
        Ran ran = zonda.run("dtrace", "-n", "BEGIN { printf(\"%s\", execname); exit(3) }");

        assertThat(ran.status()).isEqualTo(3);
        assertThat(ran.out())
                .startsWith("CPU     ID                    FUNCTION:NAME\n")
                .contains(":BEGIN dtrace\n");
        assertThat(ran.err()).startsWith("dtrace: description 'BEGIN").endsWith("matched 1 probe\n");
    }

    @Test
    void a_signal_to_the_client_ends_the_session_and_its_output_is_whole() throws Exception {
        // What a shell starts in the background ignores SIGINT, and so would the client in tests that run there.
        var argv = new ArrayList<>(List.of("env", "--default-signal=INT"));
        argv.addAll(zonda.client("dtrace", "-"));
        argv.addAll(List.of(
                "-x",
                "switchrate=50ms",
                "-qn",
                "BEGIN { printf(\"begun\\n\"); @ = count(); } END { printf(\"ended\"); }"));
        Process client = Command.of(argv)
                .environment("ZONDA_SOCKET", zonda.identity().socket().toString())
                .start();
        try (var out = client.inputReader()) {
            assertThat(out.readLine()).isEqualTo("begun");

            LinuxProcess.find(client.pid()).orElseThrow().signal(2);

            assertThat(String.join("\n", out.lines().toList())).isEqualTo("\nended\n                1");
            assertThat(client.waitFor()).isZero();
        } finally {
            client.destroyForcibly();
        }
    }

    /** The client is in a mount namespace of its own, with a file system that nobody else sees. */
    @Test
    void files_are_written_by_the_caller() throws Exception {
        var argv = new ArrayList<>(List.of(
                "unshare",
                "-m",
                "sh",
                "-c",
                "mount -t tmpfs none /mnt && cd /mnt && \"$@\" && cat first second && ! test -e third",
                "sh"));
        argv.addAll(zonda.client("dtrace", "-"));
        argv.addAll(List.of(
                "-o",
                "first",
                "-wqn",
                "BEGIN { printf(\"one\\n\"); freopen(\"second\"); printf(\"two\\n\"); freopen(\"\");"
                        + " printf(\"three\"); exit(0); }"));
        Process client = Command.of(argv)
                .environment("ZONDA_SOCKET", zonda.identity().socket().toString())
                .start();
        try (var out = client.inputReader()) {
            assertThat(String.join("\n", out.lines().toList())).isEqualTo("one\nthree\ntwo");
            assertThat(client.waitFor()).isZero();
        } finally {
            client.destroyForcibly();
        }
    }

    /** As above, in a mount namespace of the client's own, with a variable of its own, and as part of its output. */
    @Test
    void commands_of_system_are_run_by_the_caller() throws Exception {
        var argv = new ArrayList<>(List.of(
                "unshare",
                "-m",
                "sh",
                "-c",
                "mount -t tmpfs none /mnt && cd /mnt && touch here && \"$@\" && cat file",
                "sh"));
        argv.addAll(zonda.client("dtrace", "-"));
        argv.addAll(List.of(
                "-wqn",
                "BEGIN { printf(\"one\\n\"); system(\"ls; pwd; echo $WORD ${LC_ALL-none} ${ZONDA_PID-none} %d\", 6 * 7);"
                        + " printf(\"two\\n\"); freopen(\"file\"); system(\"echo three\"); freopen(\"\"); exit(0); }"));
        Process client = Command.of(argv)
                .environment("ZONDA_SOCKET", zonda.identity().socket().toString())
                .environment("WORD", "own")
                .environment("LC_ALL", "POSIX")
                // What the launcher makes of it, for a client that is started without.
                .environment("ZONDA_LC_ALL", "POSIX")
                .start();
        try (var out = client.inputReader()) {
            assertThat(String.join("\n", out.lines().toList()))
                    .isEqualTo("one\nhere\n/mnt\nown POSIX none 42\ntwo\n\nthree");
            assertThat(client.waitFor()).isZero();
        } finally {
            client.destroyForcibly();
        }
    }

    @Test
    void a_file_that_can_not_be_written_is_named() {
        Ran ran = zonda.run("dtrace", "-o", "/nowhere/at/all", "-qn", "BEGIN { exit(0) }");

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err())
                .isEqualTo("dtrace: failed to open output file '/nowhere/at/all': No such file or directory\n");
    }

    @Test
    void programs_go_when_the_caller_does() {
        Call call = zonda.call(
                "dtrace",
                "-x",
                "switchrate=50ms",
                "-qn",
                "BEGIN { printf(\"begun\"); } syscall:::entry { @ = count(); }");
        try (call) {
            assertThat(Await.until(Instance.LIMIT, () -> call.out().contains("begun")))
                    .isTrue();
            assertThat(programs()).isNotZero();
        }

        assertThat(Await.until(Instance.LIMIT, () -> programs() == 0)).isTrue();
    }

    /** Programs that the daemon holds: its descriptors of eBPF. */
    private static long programs() {
        try (var files = java.nio.file.Files.list(
                java.nio.file.Path.of("/proc/" + zonda.daemon().pid() + "/fd"))) {
            return files.filter(file -> {
                        try {
                            return java.nio.file.Files.readSymbolicLink(file)
                                    .toString()
                                    .contains("bpf-prog");
                        } catch (java.io.IOException e) {
                            return false;
                        }
                    })
                    .count();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
