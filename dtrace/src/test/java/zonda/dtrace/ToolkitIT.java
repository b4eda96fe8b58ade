package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The scripts of the toolkit, on this kernel. */
@Timeout(60)
class ToolkitIT {
    private static final Path TOOLKIT = Path.of("toolkit").toAbsolutePath();

    @BeforeAll
    static void needsRootAndTypes() {
        Needs.rootAndTypes();
    }

    static Stream<Path> scripts() throws IOException {
        return Files.list(TOOLKIT)
                .filter(file -> file.toString().endsWith(".d"))
                .sorted();
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void every_script_is_loaded_and_begins(Path script) {
        String pid = Long.toString(ProcessHandle.current().pid());

        Recorder ran = Recorder.run("-qs", script.toString(), "-p", pid, "-n", "BEGIN { exit(0); }");

        assertThat(ran.err()).isEmpty();
        assertThat(ran.status()).isZero();
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void every_script_is_in_the_table(Path script) throws IOException {
        assertThat(Files.readString(TOOLKIT.resolve("README.md"))).contains("(" + script.getFileName() + ")");
    }

    @Test
    void execsnoop_sees_a_program_start() {
        Recorder ran = Recorder.run("-qs", TOOLKIT.resolve("execsnoop.d").toString(), "-c", "env /bin/true");

        assertThat(ran.out()).contains(" /bin/true\n");
    }

    @Test
    void opensnoop_sees_what_can_not_be_opened() {
        Recorder ran = Recorder.run("-qs", TOOLKIT.resolve("opensnoop.d").toString(), "-c", "cat /nonexistent-zonda");

        assertThat(ran.out()).containsPattern("cat +-1 +2 /nonexistent-zonda\n");
    }

    @Test
    void calltime_counts_the_calls_of_one_program() {
        Recorder ran = Recorder.run(
                "-qs",
                TOOLKIT.resolve("calltime.d").toString(),
                "-c",
                "dd if=/dev/zero of=/dev/null bs=1 count=50",
                "dd");

        assertThat(ran.out()).containsPattern("write +[0-9]+ +5[0-9]\n");
    }

    @Test
    void tcptop_counts_the_bytes_of_a_connection_at_both_of_its_ends() throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var client = new Socket(server.getInetAddress(), server.getLocalPort());
                var accepted = server.accept()) {
            Thread reader = Thread.ofVirtual().start(() -> transfer(accepted));
            Thread writer = Thread.ofVirtual().start(() -> send(client));

            Recorder ran =
                    Recorder.run("-qs", TOOLKIT.resolve("tcptop.d").toString(), "-n", "tick-1500ms { exit(0); }");
            client.close();
            writer.join();
            reader.join();

            assertThat(ran.out())
                    .containsPattern("127\\.0\\.0\\.1 +" + client.getLocalPort() + " +127\\.0\\.0\\.1 +"
                            + server.getLocalPort() + " +[1-9][0-9]{3,} ")
                    .containsPattern("127\\.0\\.0\\.1 +" + server.getLocalPort() + " +127\\.0\\.0\\.1 +"
                            + client.getLocalPort() + " +[0-9]+ +[1-9][0-9]{3,}\n");
        }
    }

    private static void transfer(Socket from) {
        try {
            from.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // The other end was closed in the middle.
        }
    }

    private static void send(Socket to) {
        try {
            while (true) {
                to.getOutputStream().write(new byte[1000]);
                Thread.sleep(2);
            }
        } catch (IOException | InterruptedException e) {
            // It was closed.
        }
    }
}
