package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import zonda.kernel.Command;

/** The providers lockstat and plockstat. */
@Timeout(60)
class LocksIT {
    @BeforeAll
    static void needsRootAndTypes() {
        Needs.rootAndTypes();
    }

    /** Writers of one pipe wait for its mutex. */
    @Test
    void locks_of_the_kernel_that_are_waited_for_are_seen_with_how_long() {
        Process writers = Command.of("sh", "-c", "(yes & yes & yes & yes & wait) | cat >/dev/null")
                .start();
        try {
            Recorder ran = Recorder.run(
                    "-qn",
                    "lockstat:::adaptive-block, lockstat:::adaptive-spin /execname == \"yes\"/"
                            + " { @[arg0 < 0, probeprov] = count(); @t = min(arg1); @u = max(arg1); n++; }"
                            + " tick-100ms /n > 5 || i++ > 200/ { printa(\"%d %s %@d\\n\", @); printa(\"%@d \", @t);"
                            + " printa(\"%@d\", @u); trunc(@); trunc(@t); trunc(@u); exit(0); }");

            assertThat(ran.out()).matches("(?s)1 lockstat [0-9]+\n[1-9][0-9]* [1-9][0-9]{2,9}\\s*");
        } finally {
            writers.descendants().forEach(ProcessHandle::destroyForcibly);
            writers.destroyForcibly();
        }
    }

    @Test
    void what_the_kernel_does_not_tell_of_is_said() {
        assertThat(Recorder.run("-ln", "lockstat:::").out())
                .contains(" adaptive-block\n", " adaptive-spin\n", " spin-spin\n", " rw-block\n");
        assertThat(Recorder.run("-ln", "lockstat:::adaptive-acquire").err())
                .contains("No probe matches description: the kernel tells of locks that are waited for, and not of");
        assertThat(Recorder.run("-lP", "plockstat").err()).contains("plockstat$target");
        assertThat(Recorder.run("-lP", "fbt").err())
                .contains(
                        Files.exists(Path.of("/sys/bus/event_source/devices/kprobe"))
                                ? "though this kernel would let it"
                                : "it has no kprobes");
        assertThat(Recorder.run("-lP", "cpc").err()).contains("counters of ");
    }

    @Test
    void locks_of_a_process_are_seen_when_they_are_taken_and_given_back() {

        Recorder ran = Recorder.run(
                "-qn",
                "plockstat$target:::mutex-acquire { @[\"acquire\", arg0 != 0 && arg0 >> 47 == 0] = count();"
                        + " self->held = arg0; }"
                        + " plockstat$target:::mutex-release /self->held == arg0/ { @[\"release\", probefunc =="
                        + " \"pthread_mutex_unlock\"] = count(); self->held = 0; }",
                "-c",
                Path.of(System.getProperty("java.home"), "bin", "java") + " -Xshare:auto -version");

        assertThat(ran.out()).containsPattern("acquire +1 +[1-9]").containsPattern("release +1 +[1-9]");
    }
}
