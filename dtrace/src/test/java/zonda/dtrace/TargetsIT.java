package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The processes of -c and -p, and places in them. */
@Timeout(60)
class TargetsIT {
    @BeforeAll
    static void needsRoot() {
        Needs.root();
    }

    @Test
    void a_process_is_seen_with_its_arguments() {
        Recorder ran = Recorder.run(
                "-qn",
                "proc:::exec-success /pid == $target/ { trace(curpsinfo->pr_psargs); }",
                "-c",
                "env /bin/echo a bc d");

        assertThat(ran.out()).contains("/bin/echo a bc d");
    }

    @Test
    void a_command_is_traced_from_its_first_instruction_with_its_libraries() {
        Recorder ran = Recorder.run(
                "-qn",
                "pid$target:libc:exit:entry { printf(\"%s %s %d\", probefunc, execname, arg0); ustack(1); }"
                        + " syscall::execve:entry /pid == $target/ { printf(\"late\"); }",
                "-c",
                "/bin/false");

        // It has ended when its addresses get their names.
        assertThat(ran.out()).matches("exit false 1\n +libc\\.so\\.6`exit\n\n");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "pid$target:libc:nosuch:entry, D_PROC_FUNC] failed to lookup 'nosuch' in module 'libc'",
                "pid$target:libc:exit:nosuch, D_PROC_NAME] 'nosuch' is an invalid probe name",
                "pid$target:libc:exit:fffffff, D_PROC_OFF] offset 0xfffffff outside of function 'exit'",
                "pid$target:libc:-:12, D_PROC_LIB] only the a.out module is valid with the '-' function",
                "pid999999999::main:entry, D_PROC_GRAB] failed to grab process 999999999",
            })
    void a_place_that_is_not_in_a_process_is_refused_with_its_reason(String description, String reason) {
        Recorder ran = Recorder.run("-xerrtags", "-n", description, "-c", "/bin/true");

        assertThat(ran.err()).contains("[" + reason);
        assertThat(ran.status()).isEqualTo(1);
    }

    @Test
    void a_target_ends_with_its_status() {
        assertThat(Recorder.run("-n", "BEGIN { trace($target); }", "-c", "false")
                        .err())
                .containsPattern("dtrace: pid [0-9]+ exited with status 1\n");
        assertThat(Recorder.run("-n", "BEGIN", "-c", "/no/such/program").err())
                .isEqualTo("dtrace: failed to execute /no/such/program: cannot find executable file\n");
    }
}
