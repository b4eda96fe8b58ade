package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Probes that programs bring themselves, of this very machine. */
@Timeout(60)
class UsdtIT {
    @Test
    void the_garbage_collector_of_this_jvm_is_seen() throws InterruptedException {
        Needs.root();
        long pid = ProcessHandle.current().pid();
        Recorder listed = Recorder.run("-ln", "hotspot" + pid + ":::gc-begin");
        assumeTrue(listed.err().isEmpty(), "this JVM was built without probes");
        var recorder = new Recorder();

        Thread session = Thread.ofPlatform()
                .start(() -> recorder.start(
                        "-qn",
                        "BEGIN { printf(\"go\"); } hotspot" + pid
                                + ":::gc-begin { printf(\" full %d\", arg0); exit(3); }",
                        "-x",
                        "switchrate=20ms"));
        recorder.awaitOutput();
        while (session.isAlive()) {
            System.gc();
            session.join(20);
        }

        assertThat(recorder.out()).startsWith("go full 1");
        assertThat(recorder.status()).isEqualTo(3);
    }

    @Test
    void functions_of_this_process_are_found_and_fire() throws InterruptedException {
        Needs.root();
        assumeTrue(Files.exists(Path.of("/lib/x86_64-linux-gnu/libc.so.6")), "needs Debian's libc");
        long pid = ProcessHandle.current().pid();
        var recorder = new Recorder();

        Thread session = Thread.ofPlatform()
                .start(() -> recorder.start(
                        "-qn",
                        "BEGIN { printf(\"go\"); } pid" + pid
                                + ":libc:malloc:entry /arg0 > 0/ { printf(\" %s\", probefunc);" + " exit(4); }",
                        "-x",
                        "switchrate=20ms"));
        recorder.awaitOutput();
        while (session.isAlive()) {
            // Starting a thread allocates.
            Thread.ofPlatform().start(() -> {}).join();
            session.join(20);
        }

        assertThat(recorder.out()).startsWith("go malloc");
        assertThat(recorder.status()).isEqualTo(4);
    }
}
