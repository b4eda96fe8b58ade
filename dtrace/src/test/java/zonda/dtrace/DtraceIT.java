package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs on this kernel, from their text to what is printed. */
@Timeout(60)
class DtraceIT {
    @BeforeAll
    static void needsRootAndTypes() {
        assumeTrue(Files.isReadable(Path.of("/proc/kallsyms")), "needs a kernel with symbols");
        Needs.rootAndTypes();
    }

    @Test
    void the_header_and_records_are_those_of_illumos() {
        Recorder ran = Recorder.run("-n", "BEGIN { trace(\"hi\"); trace(7); trace((char)3); exit(0) }");

        assertThat(ran.err()).isEqualTo("dtrace: description 'BEGIN ' matched 1 probe\n");
        assertThat(ran.out().replaceAll("(?m)^ +[0-9]+(?= +1 )", "  0"))
                .isEqualTo("CPU     ID                    FUNCTION:NAME\n"
                        + "  0      1                           :BEGIN   hi                                       7   3\n"
                        + "\n");
        assertThat(ran.status()).isZero();
    }

    @Test
    void what_writes_no_records_has_no_header() {
        Recorder ran = Recorder.run("-n", "tick-1000s { trace(1); }", "-n", "BEGIN { @ = count(); }", "-c", "true");

        assertThat(ran.out()).isEqualTo("\n\n                1\n".substring(1));
    }

    @Test
    void a_commit_shows_what_was_speculated_and_nothing_else() {
        Recorder ran = Recorder.run(
                "-n",
                "BEGIN { self->s = speculation(); printf(\"one\"); } BEGIN { speculate(self->s); printf(\"two\"); }"
                        + " BEGIN { commit(self->s); discard(self->s); } BEGIN { printf(\"three\"); exit(0); }");

        assertThat(ran.out().replaceAll("(?m)^ +[0-9]+ +1 +:BEGIN ", ""))
                .isEqualTo("CPU     ID                    FUNCTION:NAME\none\ntwo\nthree\n\n");
    }

    @Test
    void a_record_longer_than_its_buffer_is_dropped_and_counted() {
        Recorder ran = Recorder.run(
                "-xdroptags",
                "-xstrsize=512",
                "-xbufsize=256",
                "-xspecsize=64",
                "-qn",
                "BEGIN { trace(\"long\"); } BEGIN { s = speculation(); speculate(s); trace(\"long\"); } BEGIN { exit(0); }");

        assertThat(ran.out()).isEqualTo("\n");
        assertThat(ran.err().replaceAll("[0-9]+\n", "N\n").lines())
                .containsExactlyInAnyOrder(
                        "dtrace: [DTRACEDROP_PRINCIPAL] 1 drop on CPU N",
                        "dtrace: [DTRACEDROP_SPEC] 1 speculative drop");
    }

    @ParameterizedTest
    @ValueSource(strings = {"commit(-1)", "discard(7)", "speculate(2)"})
    void a_speculation_that_there_is_not_is_an_illegal_operation(String action) {
        Recorder ran = Recorder.run("-qn", "ERROR { exit(arg4); } BEGIN { " + action + "; }");

        assertThat(ran.err()).contains("illegal operation in action #1");
        assertThat(ran.status()).isEqualTo(3);
    }

    @Test
    void a_session_may_be_of_one_zone() {
        String program =
                "syscall::: { n++; } tick-100ms /n > 0 || ticks++ == LIMIT/ { printf(\"%d\", n > 0); exit(0); }";

        assertThat(Recorder.run("-xzone=global", "-qn", program.replace("LIMIT", "200"))
                        .out())
                .isEqualTo("1\n");
        assertThat(Recorder.run("-xzone=nosuch", "-qn", program.replace("LIMIT", "1"))
                        .out())
                .isEqualTo("0\n");
    }

    @Test
    void the_first_entry_of_a_call_indents_and_its_last_return_goes_back() {
        Recorder ran = Recorder.run(
                "-xswitchrate=20ms",
                "-Fn",
                "syscall::getcwd:entry /pid == $target/ {} syscall::getcwd:entry /pid == $target/ {}"
                        + " syscall::getcwd:return /pid == $target/ {} syscall::getcwd:return /pid == $target/ {}",
                "-c",
                "/bin/pwd");

        assertThat(ran.out()
                        .lines()
                        .map(line -> line.substring(Math.min(line.length(), 4)).stripTrailing()))
                .contains("=> getcwd", "  | getcwd:entry", "  | getcwd:return", "<= getcwd");
    }

    @Test
    void error_is_told_of_the_action_that_failed() {
        Recorder ran = Recorder.run(
                "-qn",
                "ERROR { printf(\"%d %d %d %d %d\", arg1, arg2, arg3, arg4, arg5); exit(0); }"
                        + " BEGIN { i = 0; j = 1; trace(j / i); }");

        assertThat(ran.out()).isEqualTo("2 3 12 4 0\n");
        assertThat(ran.err())
                .isEqualTo("dtrace: error on enabled probe ID 2 (ID 1: dtrace:::BEGIN): divide-by-zero in action #3 at"
                        + " DIF offset 12\n");
    }

    @Test
    void libraries_are_read_in_the_order_of_what_they_need(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("a.d"), "#pragma D depends_on library b.d\ninline int A = B + 1;\n");
        Files.writeString(directory.resolve("b.d"), "#pragma D depends_on module vmlinux\ninline int B = 41;\n");
        Files.writeString(directory.resolve("c.d"), "#pragma D depends_on provider nosuch\ninline int C = D;\n");

        Recorder ran = Recorder.run("-L", directory.toString(), "-qn", "BEGIN { printf(\"%d\", A); exit(0); }");
        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).isEqualTo("42\n");

        Files.writeString(directory.resolve("b.d"), "#pragma D depends_on library a.d\ninline int B = 41;\n");
        assertThat(Recorder.run("-L", directory.toString(), "-qn", "BEGIN").err())
                .startsWith("dtrace: Cyclic dependency detected: ");
    }

    @Test
    void files_are_seen_to_be_opened_read_and_closed() {
        Recorder ran = Recorder.run(
                "-xswitchrate=10ms",
                "-qn",
                "fsinfo:::open,fsinfo:::read,fsinfo:::close /pid == $target && args[0]->fi_name == \"hostname\"/ {"
                        + " printf(\"%s %d|\", probename, args[1] > 0); }",
                "-c",
                "cat /etc/hostname");

        assertThat(ran.out()).contains("open 1|read 1|read 0|close 0|");
    }

    @Test
    void a_stability_report_takes_the_least_of_all() {
        assertThat(Recorder.run("-e", "-v", "-n", "BEGIN { trace(curthread->pid); }")
                        .out())
                .startsWith("\nStability attributes for description BEGIN :\n\n\tMinimum Probe Description Attributes\n"
                        + "\t\tIdentifier Names: Stable\n\t\tData Semantics:   Stable\n"
                        + "\t\tDependency Class: Common\n\n\tMinimum Statement Attributes\n"
                        + "\t\tIdentifier Names: Stable\n\t\tData Semantics:   Private\n"
                        + "\t\tDependency Class: Common\n");
    }

    @Test
    void the_status_is_that_of_exit() {
        assertThat(Recorder.run("-qn", "BEGIN { exit(7) }").status()).isEqualTo(7);
    }

    @Test
    void aggregations_are_printed_as_illumos_prints_them() {
        Recorder ran = Recorder.run(
                "-qn",
                "BEGIN { @a[\"x\"] = avg(3); @a[\"x\"] = avg(6); @b = stddev(4); @b = stddev(8); @c[1, \"z\"] ="
                        + " min(-3); @f = max(9); @d = lquantize(5, 0, 10, 2); exit(0) }");

        assertThat(ran.out())
                .isEqualTo("\n  x                                                                 4\n"
                        + "                2\n"
                        + "        1  z                                                                -3\n"
                        + "                9\n"
                        + "\n           value  ------------- Distribution ------------- count    \n"
                        + "               2 |                                         0        \n"
                        + "               4 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        \n"
                        + "               6 |                                         0        \n\n");
    }

    @Test
    void quantize_puts_each_number_into_its_power_of_two() {
        Recorder ran = Recorder.run(
                "-qn",
                "BEGIN { @ = quantize(0); @ = quantize(1); @ = quantize(7); @ = quantize(8); @ = quantize(-5); exit(0) }");

        assertThat(ran.out())
                .contains("              -8 |                                         0        \n"
                        + "              -4 |@@@@@@@@                                 1        \n"
                        + "              -2 |                                         0        \n")
                .contains("               4 |@@@@@@@@                                 1        \n"
                        + "               8 |@@@@@@@@                                 1        \n"
                        + "              16 |                                         0        \n");
    }

    @Test
    void printa_sorts_joins_clears_and_truncates() {
        assertThat(Recorder.quiet(
                        "BEGIN { @a[\"one\"] = sum(3); @a[\"two\"] = sum(1); @b[\"one\"] = count(); printa(\"%s %@d"
                                + " %@d|\", @a, @b); trunc(@a, 1); printa(\"%s %@d|\", @a); clear(@a); printa(\"%s %@d|\", @a);"
                                + " exit(0) }"))
                .startsWith("two 1 0|one 3 1|one 3|one 0|");
    }

    @Test
    void system_calls_are_traced_with_their_arguments_and_results() {
        Recorder ran = Recorder.run(
                "-qn",
                "syscall::openat:entry /pid == $target/ { self->path = copyinstr(arg1); } syscall::openat:return"
                        + " /pid == $target && self->path == \"/nonexistent-zonda\"/ { printf(\"%s %d %d %s\\n\","
                        + " self->path, arg0, errno, execname); }",
                "-c",
                "cat /nonexistent-zonda");

        assertThat(ran.out()).contains("/nonexistent-zonda -1 2 cat\n");
    }

    @Test
    void entries_and_returns_share_variables_of_the_thread() {
        Recorder ran = Recorder.run(
                "-qn",
                "syscall::clock_nanosleep:entry /pid == $target/ { self->t = timestamp; }"
                        + " syscall::clock_nanosleep:return /self->t/ { printf(\"%d\", (timestamp - self->t) / 100000000);"
                        + " self->t = 0; }",
                "-c",
                "sleep 0.35");

        assertThat(ran.out()).containsPattern("^([3-9]|[1-9][0-9])");
    }

    @Test
    void processes_are_seen_to_run_and_end() {
        Recorder ran = Recorder.run(
                "-qn",
                "proc:::exec-success /pid == $target/ { printf(\"ran %s|\", execname); } proc:::exit /pid == $target/ {"
                        + " printf(\"end %d|\", args[0]); }",
                "-c",
                "env true");

        assertThat(ran.out()).contains("ran true|end 1|");
    }

    @Test
    void the_scheduler_tells_who_comes_and_goes() {
        Recorder ran = Recorder.run(
                "-qn",
                "sched:::on-cpu /pid == $target/ { @on[execname] = count(); } sched:::off-cpu /pid == $target/ {"
                        + " @off[execname] = count(); @next[args[1]->pr_fname] = count(); }",
                "-c",
                "sleep 0.1");

        assertThat(ran.out()).contains("  sleep      ");
    }

    @Test
    void functions_of_a_process_are_traced() {
        Recorder ran = Recorder.run(
                "-qn",
                "pid$target:libc.so.6:nanosleep:entry, pid$target:libc.so.6:clock_nanosleep:entry { printf(\"%s\\n\","
                        + " probename); }",
                "-c",
                "sh -c true");

        // The shell that waits is not yet the program: its libc is there, and none of its functions sleeps.
        assertThat(ran.status()).isZero();
    }

    @Test
    void clocks_tick_and_profile() {
        Recorder ran = Recorder.run("-qn", "tick-20ms { i++; } tick-20ms /i > 3/ { printf(\"%d\", i); exit(0) }");

        assertThat(ran.out()).isEqualTo("4\n");
    }

    @Test
    void an_interrupt_ends_the_session_with_end_and_aggregations() throws InterruptedException {
        var recorder = new Recorder();
        Thread session = Thread.ofPlatform()
                .start(() -> recorder.start(
                        "-qn",
                        "BEGIN { printf(\"go \"); @ = count(); } END { printf(\"end\"); }",
                        "-x",
                        "switchrate=20ms"));
        recorder.awaitOutput();

        recorder.interrupt();
        session.join();

        assertThat(recorder.out()).isEqualTo("go \nend\n                1\n");
        assertThat(recorder.status()).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "BEGIN { trace(foo) } | D_IDENT_UNDEF | failed to resolve foo: Unknown variable name",
                "BEGIN { trace( } | D_SYNTAX | syntax error near \"}\"",
                "nosuch:::probe {} | D_PDESC_ZERO | probe description nosuch:::probe does not match any probes",
                "BEGIN { nosuch(); } | D_FUNC_UNDEF | undefined function name: nosuch",
                "BEGIN { x = 1 / 0; } | D_DIV_ZERO | expression contains division by zero",
                "BEGIN { @a = count(); @a = sum(1); } | D_AGG_REDEF | aggregation redefined: @a",
                "BEGIN { printf(\"%d\"); } | D_PRINTF_ARG_PROTO | conversion #1 (%d) is missing a corresponding value",
                "BEGIN { strlen(); } | D_PROTO_LEN | strlen( ) prototype mismatch: 0 args passed, 1 expected",
                "BEGIN { trace($1) } | D_MACRO_UNDEF | macro argument $1 is not defined",
                "int `xyz; BEGIN { exit(0); } | D_DECL_SCOPE | D scoping operator may not be used in a declaration name",
                "BEGIN { @[1]; } | D_AGG_NULL | expression has null effect: @_",
                "BEGIN { trace(curthread->nosuch) } | D_TYPE_MEMBER | nosuch is not a member of struct task_struct",
            })
    void what_is_wrong_is_said_with_its_tag(String program, String tag, String words) {
        Recorder ran = Recorder.run("-xerrtags", "-n", program.strip());

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err())
                .startsWith("dtrace: invalid probe specifier ")
                .contains("[" + tag.strip() + "] ")
                .contains(words.strip());
    }

    @Test
    void a_script_names_file_and_line_of_its_error(@TempDir Path directory) throws IOException {
        Path script = Files.writeString(directory.resolve("x.d"), "BEGIN\n{\n\ttrace(foo);\n}\n");

        Recorder ran = Recorder.run("-s", script.toString());

        assertThat(ran.err())
                .isEqualTo("dtrace: failed to compile script " + script
                        + ": line 3: failed to resolve foo: Unknown variable name\n");
    }

    @Test
    void a_script_takes_arguments_and_pragmas(@TempDir Path directory) throws IOException {
        Path script = Files.writeString(
                directory.resolve("x.d"),
                "#!/usr/sbin/dtrace -s\n#pragma D option quiet\nBEGIN { printf(\"%d %s\", $1, $$2); exit(0); }\n");

        assertThat(Recorder.run("-s", script.toString(), "41", "word").out()).isEqualTo("41 word\n");
        assertThat(Recorder.run("-s", script.toString(), "41", "word", "more").err())
                .contains("extraneous argument 'more'");
    }

    @Test
    void probes_are_listed() {
        Recorder ran = Recorder.run("-ln", "syscall::read:*");

        assertThat(ran.out())
                .startsWith("   ID   PROVIDER            MODULE                          FUNCTION NAME\n")
                .contains("    syscall                                                read entry\n")
                .contains("    syscall                                                read return\n");
        assertThat(Recorder.run("-l").out())
                .contains(" on-cpu\n")
                .contains("sdt")
                .contains("exec-success");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-xstdc=x | failed to set -x stdc: Invalid value for specified option",
                "-Xx | failed to set -X x: Invalid value for specified option",
                "-xversion=99.1 | failed to set -x version: Requested version is not supported by compiler",
                "-xversion=many | failed to set -x version: Version is not properly formatted or is too large",
                "-xzdefs=1 | failed to set -x zdefs: Invalid value for specified option",
                "-b1q | failed to set -b 1q: Invalid value for specified option",
                "-xbufsize=3 | could not enable tracing: Enabling exceeds size of buffer",
                "-pnone | invalid pid: none",
                "-s/no/such | failed to open /no/such: No such file or directory",
                "-i0 | invalid probe specifier 0: invalid probe identifier 0: Unknown probe identifier",
                "-i2-2 | invalid probe specifier 2-2: probe description :::-2 does not match any probes",
                "-fa:b:c:d | invalid probe specifier a:b:c:d: invalid probe description \"a:b:c:d\": Overspecified"
                        + " probe description",
                "-fnosuch | invalid probe specifier nosuch: probe description ::nosuch: does not match any probes",
            })
    void an_option_that_can_not_be_had_is_told(String option, String words) {
        Recorder ran = Recorder.run("-qn", "BEGIN { trace(timestamp); exit(0); }", option.strip());

        assertThat(ran.err()).isEqualTo("dtrace: " + words.strip() + "\n");
        assertThat(ran.status()).isEqualTo(1);
    }

    @Test
    void what_matches_nothing_is_told_and_the_list_goes_on() {
        Recorder ran = Recorder.run("-li", "2", "-P", "nosuch", "-n", "dtrace:::END");

        assertThat(ran.err()).isEqualTo("dtrace: failed to match nosuch:::: No probe matches description\n");
        assertThat(ran.out().lines().filter(line -> line.endsWith(" END"))).hasSize(2);
        assertThat(ran.status()).isZero();
    }

    @Test
    void what_makes_no_sense_is_refused_with_two() {
        assertThat(Recorder.run().status()).isEqualTo(2);
        assertThat(Recorder.run("-K").err()).startsWith("dtrace: illegal option -- K\n");
        assertThat(Recorder.run("-lV").err())
                .isEqualTo("dtrace: only one of the [-AGhlV] options can be specified at a time\n");
        assertThat(Recorder.run("-q").err()).isEqualTo("dtrace: no probes specified\n");
    }

    @Test
    void what_a_program_prints_for_one_key_is_lost_by_nobody() {
        Recorder ran = Recorder.run(
                "-qn",
                "syscall::write:entry /pid == $target/ { @[execname] = count(); } END { printa(\"%s %@d\", @); }",
                "-c",
                "dd if=/dev/zero of=/dev/null bs=1 count=2000");

        assertThat(ran.out()).containsPattern("dd 200[0-9]");
    }

    @Test
    void json_has_a_line_for_each_record_and_each_entry() {
        Recorder ran = Recorder.run(
                "--json", "-qn", "BEGIN { trace(1); printf(\"a %d\", 3); @[\"k\", 2] = quantize(5); exit(0); }");

        assertThat(ran.out())
                .matches(
                        "\\{\"time\":[0-9]+,\"cpu\":[0-9]+,\"probe\":\"dtrace:::BEGIN\",\"data\":\\[1,\"a 3\"]}\n"
                                + "\\{\"aggregation\":\"_\",\"function\":\"quantize\",\"keys\":\\[\"k\",2],\"buckets\":\\[\\[4,1]]}\n");
    }

    @Test
    void a_flame_graph_is_drawn_of_stacks(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("out.svg");

        Recorder.run(
                "--flame",
                file.toString(),
                "-qn",
                "profile-997 { @[execname, stack()] = count(); } tick-500ms { exit(0); }");

        assertThat(Files.readString(file))
                .startsWith("<svg ")
                .contains("<title>all: ")
                .endsWith("</svg>\n");
    }

    @Test
    void begin_can_not_signal_the_process_that_runs_dtrace() {
        assertThat(Recorder.run("-wqn", "BEGIN { raise(9); stop(); exit(0); }").status())
                .isZero();
    }

    @Test
    void destructive_actions_need_permission() {
        Recorder ran = Recorder.run("-n", "BEGIN { raise(9); }");

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).endsWith("dtrace: could not enable tracing: Destructive actions not allowed\n");
    }

    @Test
    void destructive_actions_reach_the_traced_process() {
        Recorder ran = Recorder.run(
                "-wqn",
                "syscall::clock_nanosleep:entry /pid == $target/ { raise(10); } BEGIN { system(\"echo from %s\", execname); }",
                "-c",
                "sleep 30");

        assertThat(ran.out()).contains("from dtrace\n");
    }

    @Test
    void keys_of_different_widths_are_joined() {
        assertThat(Recorder.quiet(
                        "BEGIN { @a[execname] = count(); @b[\"dtrace\"] = sum(3); @b[\"a name of more than sixteen\"] ="
                                + " sum(1); printa(\"%s %@d %@d|\", @a, @b); exit(0); }"))
                .startsWith("a name of more than sixteen 0 1|dtrace 1 3|");
    }

    @Test
    void the_zone_of_the_host_is_global() {
        assertThat(Recorder.quiet("BEGIN { printf(\"%s\", zonename); exit(0); }"))
                .isEqualTo("global");
    }
}
