package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The words of the language that no other test is about. */
@Timeout(60)
class VocabularyIT {
    @BeforeAll
    static void needsRootAndTypes() {
        Needs.rootAndTypes();
    }

    @Test
    void macros_tell_of_the_caller() {
        ProcessHandle own = ProcessHandle.current();

        assertThat(Recorder.quiet(
                        "BEGIN { printf(\"%d %d %d %d %d %d %d %d %d %d\", $pid, $ppid, $uid, $euid, $gid, $egid,"
                                + " $pgid > 0, $sid > 0, $projid, $taskid); exit(0); }"))
                .matches(own.pid() + " [0-9]+ 0 0 0 0 1 1 0 0");
    }

    @Test
    void macro_arguments_are_numbers_or_text_and_none_is_left_over() {
        String program = "BEGIN { printf(\"%s|%d|%s\", $$1, $2, $$2); exit(0); }";

        assertThat(Recorder.run("-qn", program, "text", "42").out()).isEqualTo("text|42|42\n");
        assertThat(Recorder.run("-xdefaultargs", "-qn", program, "text").out()).isEqualTo("text|0|\n");
        assertThat(Recorder.run("-qn", program, "text").err()).endsWith("macro argument $2 is not defined\n");
        assertThat(Recorder.run("-qn", program, "text", "42", "more").err())
                .endsWith("extraneous argument 'more' ($3 is not referenced)\n");
    }

    @Test
    void the_preprocessor_knows_what_it_is_for() {
        Recorder ran = Recorder.run(
                "-Cqn",
                "BEGIN { printf(\"%x %d\", __SUNW_D_VERSION, __SUNW_D + __unix + __SVR4 + __linux); exit(0); }");

        assertThat(ran.out()).isEqualTo("10e0000 4\n");
        assertThat(Recorder.run("-xcpp", "-xdefine=MINE=3", "-qn", "BEGIN { printf(\"%d\", MINE); exit(0); }")
                        .out())
                .isEqualTo("3\n");
        assertThat(Recorder.run("-xcpp", "-xundef=__linux", "-n", "BEGIN { trace(__linux); }")
                        .err())
                .endsWith("failed to resolve __linux: Unknown variable name\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "msgsize(0) | msgsize( ) is not supported: Linux has no STREAMS",
                "trace(msgdsize(0)) | msgdsize( ) is not supported: Linux has no STREAMS",
                "trace(ddi_pathname(0, 0)) | ddi_pathname( ) is not supported: Linux has no device tree of this kind",
                "panic() | panic( ) is not supported: the kernel does not let eBPF end it",
                "breakpoint() | breakpoint( ) is not supported: a kernel debugger can not be entered from eBPF",
                "pcap(0, 1) | pcap( ) is not supported: it is not implemented",
                "trace(vmregs[0]) | vmregs has not yet been declared or assigned",
                "trace(`max_pfn) | failed to resolve `max_pfn: Unknown symbol name",
                "x = 1.5 | floating-point constants are not permitted",
            })
    void what_there_is_not_is_refused_in_words(String action, String words) {
        Recorder ran = Recorder.run("-wn", "BEGIN { " + action + "; }");

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).endsWith(": " + words + "\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "mutex_owner((kmutex_t *)8)",
                "mutex_type_adaptive((kmutex_t *)8)",
                "mutex_type_spin((kmutex_t *)8)",
                "rw_write_held((krwlock_t *)8)",
                "rw_iswriter((krwlock_t *)8)",
            })
    void what_lies_where_no_lock_is_can_not_be_said(String expression) {
        Recorder ran = Recorder.run("-qn", "BEGIN { x = " + expression + "; exit(3); } ERROR { exit(0); }");

        assertThat(ran.err() + ran.status())
                .matches(expression.contains("_type_") ? "3" : "(?s).*invalid address \\(0x[0-9a-f]+\\) in action.*0");
    }

    @Test
    void addresses_of_programs_have_names_of_four_kinds() {
        Recorder ran = Recorder.run(
                "-qn",
                "pid$target:libc.so.6:read:entry { printf(\"%A\", uregs[R_PC]); ufunc(uregs[R_PC]); usym(uregs[R_PC]);"
                        + " uaddr(uregs[R_PC]); umod(uregs[R_PC]); jstack(1); jstack(1, 100); exit(0); }",
                "-c",
                "cat /etc/hostname");

        assertThat(ran.err()).isEmpty();
        assertThat(ran.out())
                .containsPattern(
                        "libc.so.6`(__)?read  libc.so.6`(__)?read  *libc.so.6`(__)?read  *libc.so.6`(__)?read  "
                                + " *libc.so.6 +\n +libc.so.6`(__)?read\n\n +libc.so.6`(__)?read\n");
    }

    @Test
    void speculations_and_frames_are_as_many_as_options_say() {
        Recorder ran = Recorder.run(
                "-xnspec=2",
                "-xstackframes=2",
                "-xustackframes=1",
                "-xjstackframes=1",
                "-xstackindent=3",
                "-qn",
                "syscall:::entry /pid == $pid && ustackdepth > 1/ { i = speculation(); j = speculation(); k = speculation();"
                        + " printf(\"%d %d %d\", i, j, k); stack(); ustack(); jstack(); exit(0); }");

        assertThat(ran.out()).matches("1 2 0\n {3}\\S+\n {3}\\S+\n\n {3}\\S+\n\n {3}\\S+\n\n");
        assertThat(ran.err()).isEqualTo("dtrace: 1 failed speculation (no speculative buffer available)\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "-a -n BEGIN; 2; -a is not supported: Linux has no anonymous tracing at boot",
                "-A -n BEGIN; 2; -A is not supported: Linux has no anonymous tracing at boot",
                "-V -l; 2; only one of the [-AGhlV] options can be specified at a time",
                "-Xq -n BEGIN; 1; failed to set -X q: Invalid value for specified option",
                "-b zz -n BEGIN; 1; failed to set -b zz: Invalid value for specified option",
                "-q; 1; no probes specified",
                "-i 999999; 1; invalid probe specifier 999999: invalid probe identifier 999999: Unknown probe identifier",
                "-p 999999999 -n BEGIN; 1; failed to grab pid 999999999: no such process",
                "-p abc -n BEGIN; 1; invalid pid: abc",
                "-s /no/such.d; 1; failed to open /no/such.d: No such file or directory",
                "-o /no/such/file -n BEGIN; 1; failed to open output file '/no/such/file': No such file or directory",
            })
    void a_command_line_that_can_not_be_followed_is_refused(String words, int status, String answer) {
        Recorder ran = Recorder.run(words.split(" "));

        assertThat(ran.status()).isEqualTo(status);
        assertThat(ran.err()).isEqualTo("dtrace: " + answer + "\n");
    }

    @Test
    void options_of_the_command_line_do_what_they_are_for(@TempDir Path directory) throws Exception {
        Files.writeString(directory.resolve("seven.d"), "inline int seven = 7;\n");
        Files.writeString(directory.resolve("nine.h"), "#define NINE 9\n");
        Path script = directory.resolve("script");
        Files.writeString(
                script,
                "#include <nine.h>\n#ifdef __linux\n#error\n#endif\nBEGIN { printf(\"%d\", NINE + MORE + seven); exit(0); }\n");
        String place = directory.toString();

        Recorder ran = Recorder.run(
                "-B",
                "-32",
                "-64",
                "-H",
                "-Xa",
                "-C",
                "-DMORE=4",
                "-U__linux",
                "-I",
                place,
                "-L",
                place,
                "-qs",
                script.toString());

        assertThat(ran.out() + ran.err()).isEqualTo("20\n");
        assertThat(Recorder.run("-S", "-e", "-i", "1").err())
                .startsWith("\nProgram for dtrace:::BEGIN:\n   0: (bf) ")
                .endsWith("(95) exit\n");
    }

    @Test
    void what_scratch_space_has_no_room_for_is_a_fault() {
        Recorder ran = Recorder.run(
                "-qn", "BEGIN { this->a = alloca(1 << 30); exit(2); } ERROR { printf(\"%d\", arg4); exit(0); }");

        assertThat(ran.out()).isEqualTo("5\n");
        assertThat(ran.err())
                .isEqualTo(
                        "dtrace: error on enabled probe ID 1 (ID 1: dtrace:::BEGIN): out of scratch space in action #1"
                                + " at DIF offset 4\n");
    }

    @Test
    void people_are_told_what_there_is_and_what_has_ended() {
        Recorder ran = Recorder.run("-wn", "BEGIN { }", "-c", "true");

        assertThat(ran.err())
                .matches("dtrace: description 'BEGIN ' matched 1 probe\ndtrace: allowing destructive actions\n"
                        + "dtrace: pid [0-9]+ has exited\n");
    }

    @Test
    void pragmas_bind_require_and_qualify(@TempDir Path directory) throws Exception {
        assertThat(script(directory, "depends_on provider syscall", "binding \"1.0\" foo", "option quiet"))
                .isEqualTo("0 3\n");
        assertThat(script(directory, "depends_on provider nosuch"))
                .contains("line 1: program requires provider nosuch\n");
        assertThat(script(directory, "depends_on module nosuch")).contains("line 1: program requires module nosuch\n");
        assertThat(script(directory, "depends_on library nosuch.d"))
                .contains("line 1: main program may not explicitly depend on a library\n");
        assertThat(script(directory, "nosuch")).contains("line 1: invalid D pragma: nosuch\n");
        assertThat(script(directory, "option nosuch"))
                .contains("line 1: failed to set option 'nosuch': Invalid option name\n");
    }

    private static String script(Path directory, String... pragmas) throws Exception {
        Path file = directory.resolve("pragmas.d");
        Files.writeString(
                file,
                "#pragma D " + String.join("\n#pragma D ", pragmas)
                        + "\ninline int foo = 3; BEGIN { printf(\"%d\", foo); exit(0); }\n");
        Recorder ran = Recorder.run("-s", file.toString());
        return ran.status() + " " + ran.out() + ran.err();
    }
}
