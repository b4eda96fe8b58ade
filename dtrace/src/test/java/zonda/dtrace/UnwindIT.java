package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import zonda.kernel.Command;

/** Stacks of programs that were compiled without frame pointers. */
@Timeout(60)
class UnwindIT {
    private static final String PROGRAM = """
            #include <stdlib.h>
            #include <signal.h>
            #include <string.h>
            #define PLAIN __attribute__((noinline, noclone))
            volatile int sink;
            PLAIN int innermost(int n) { char room[200]; memset(room, n, sizeof room); return room[n & 7]; }
            PLAIN int middle(int n) { char *room = __builtin_alloca(n * 16 + 16); room[0] = n; return innermost(n) + room[0]; }
            PLAIN int ordered(const void *one, const void *two) { sink += middle(3) + *(char *)one; return *(char *)one - *(char *)two; }
            PLAIN int outer(int n) { char all[2] = {(char)n, 1}; qsort(all, 2, 1, ordered); return all[0] + sink; }
            PLAIN void handler(int number) { sink += middle(number); }
            int main(int count, char **words) {
                if (count > 1) { signal(SIGUSR1, handler); raise(SIGUSR1); return 0; }
                return outer(count) == 12345;
            }
            """;

    @TempDir
    static Path directory;

    private static Path program;

    @BeforeAll
    static void compile() throws Exception {
        Needs.root();
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "needs gcc");
        program = directory.resolve("frameless");
        Path source = Files.writeString(directory.resolve("frameless.c"), PROGRAM);
        Command.of("gcc", "-O2", "-fomit-frame-pointer", "-o", program.toString(), source.toString())
                .check(Duration.ofMinutes(1));
    }

    private static String stack(String command) {
        Recorder ran = Recorder.run("-qn", "pid$target:a.out:innermost:entry { ustack(); }", "-c", command);
        assertThat(ran.err()).isEmpty();
        return ran.out().replaceAll("\\+0x[0-9a-f]+", "").replaceAll(" +", "");
    }

    @Test
    void callers_are_found_without_frame_pointers_through_a_library_and_from_stacks_of_any_size() {
        String stack = stack(program.toString());

        assertThat(stack).startsWith("\nframeless`innermost\nframeless`middle\nframeless`ordered\nlibc");
        assertThat(stack).contains("\nframeless`outer\nframeless`main\nlibc");
    }

    @Test
    void what_a_signal_has_interrupted_is_found() {
        assertThat(stack(program + " signal"))
                .startsWith("\nframeless`innermost\nframeless`middle\nframeless`handler\nlibc")
                .contains("\nframeless`main\n");
    }

    @Test
    void the_caller_and_the_depth_are_those_of_the_stack() {
        Recorder ran = Recorder.run(
                "-qn",
                "pid$target:a.out:innermost:entry { printf(\"%A %d\", ufunc(ucaller), ustackdepth); ustack(); }",
                "-c",
                program.toString());

        assertThat(ran.err()).isEmpty();
        String[] parts = ran.out().split("\n", 2);
        assertThat(parts[0])
                .isEqualTo("frameless`middle " + parts[1].strip().lines().count());
    }

    @Test
    void stacks_are_keys_of_aggregations_as_well() {
        Recorder ran = Recorder.run(
                "-qn", "pid$target:a.out:innermost:entry { @[ustack(3)] = count(); }", "-c", program.toString());

        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).contains("frameless`ordered").doesNotContain("frameless`outer");
    }
}
