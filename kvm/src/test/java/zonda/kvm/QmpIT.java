package zonda.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kernel.Command;

/** The protocol with a real QEMU, whose machine stands still. */
class QmpIT {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private Process qemu;
    private Path socket;

    @BeforeEach
    void start() {
        assumeTrue(Files.isExecutable(Qemu.PROGRAM), "needs qemu-system-x86");
        socket = directory.resolve("control");
        qemu = Command.of(
                        Qemu.PROGRAM.toString(),
                        "-nodefaults",
                        "-display",
                        "none",
                        "-S",
                        "-m",
                        "16",
                        "-chardev",
                        "socket,id=control,server=on,wait=off,path=" + socket,
                        "-mon",
                        "chardev=control,mode=control")
                .start();
        assertThat(Await.until(SOON, () -> Files.exists(socket))).isTrue();
    }

    @AfterEach
    void end() {
        if (qemu != null) {
            qemu.destroyForcibly();
        }
    }

    @Test
    void commands_are_answered_and_events_are_told() throws InterruptedException {
        BlockingQueue<Qmp.Event> events = new LinkedBlockingQueue<>();
        try (Qmp qmp = Qmp.connect(socket, events::add)) {
            assertThat(status(qmp)).isEqualTo("prelaunch");
            qmp.execute("cont");
            assertThat(events.poll(SOON.toSeconds(), TimeUnit.SECONDS).name()).isEqualTo("RESUME");
            assertThat(status(qmp)).isEqualTo("running");
        }
        try (Qmp again = Qmp.connect(socket)) {
            assertThat(status(again)).as("to the next who asks").isEqualTo("running");
        }
    }

    private static String status(Qmp qmp) {
        return ((Json.Obj) qmp.execute("query-status")).string("status", "");
    }

    @Test
    void what_qemu_refuses_is_said_in_its_words_and_its_end_is_noticed() {
        try (Qmp qmp = Qmp.connect(socket)) {
            assertThatThrownBy(() -> qmp.execute("nonsense"))
                    .isInstanceOf(OpException.class)
                    .hasMessage("QEMU: nonsense: The command nonsense has not been found");
            qemu.destroyForcibly();
            assertThatThrownBy(() -> {
                        qmp.execute("query-status");
                        qmp.execute("query-status");
                    })
                    .isInstanceOf(OpException.class)
                    .hasMessageStartingWith("QEMU: query-status: ");
        }
        Path nowhere = directory.resolve("nowhere");
        assertThatThrownBy(() -> Qmp.connect(nowhere))
                .isInstanceOf(OpException.class)
                .hasMessageContaining(nowhere.toString());
    }

    @Test
    void an_emulated_cpu_always_works() {
        assertThat(Accelerator.TCG.works(SOON)).isTrue();
    }
}
