package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the language means, on this kernel: expressions, functions, variables, types, faults. */
@Timeout(60)
class LanguageIT {
    @BeforeAll
    static void needsRootAndTypes() {
        Needs.rootAndTypes();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = true,
            value = {
                "1 + 2 * 3 | 7",
                "-7 / 2 | -3",
                "-7 % 2 | -1",
                "7 / -2 | -3",
                "(1 << 4) | 16",
                "0x10 ^ 0x01 | 17",
                "5 > 3 && 2 > 3 | 0",
                "5 > 3 ^^ 2 > 3 | 1",
                "1 ? 10 : 20 | 10",
                "sizeof (int) + sizeof (long) | 12",
                "strlen(\"hello\") | 5",
                "index(\"hello\", \"l\") | 2",
                "rindex(\"hello\", \"l\") | 3",
                "index(\"hello\", \"x\") | -1",
                "index(\"the quick brown fox\", \"quick brown\") | 4",
                "index(\"hello\", \"l\", 3) | 3",
                "strtoll(\"-42\") | -42",
                "strtoll(\"0x1f\", 16) | 31",
                "\"abc\" < \"abd\" | 1",
                "\"abc\" == \"abc\" | 1",
                "\"\" == \"a\" | 0",
                "htons(0x1234) | 13330",
                "(char)300 | 44",
                "(unsigned char)-1 | 255",
                "(char)97 | 97",
                "curcpu->cpu_id == cpu | 1",
                "sizeof (\"abc\") | 4",
            })
    void expressions_have_the_values_of_c(String expression, long value) {
        assertThat(Recorder.quiet("BEGIN { this->x = " + expression + "; printf(\"%d\", this->x); exit(0) }"))
                .startsWith(Long.toString(value));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "strjoin(\"ab\", \"cd\") | abcd",
                "substr(\"hello\", 1, 3) | ell",
                "substr(\"hello\", -3) | llo",
                "substr(\"hello\", 1, -1) | ell",
                "strstr(\"hello world\", \"wor\") | world",
                "strchr(\"hello\", 'l') | llo",
                "strrchr(\"hello\", 'l') | lo",
                "basename(\"/a/b/c\") | c",
                "basename(\"/\") | /",
                "basename(\"/a/b/\") | b",
                "dirname(\"/a/b/c\") | /a/b",
                "dirname(\"c\") | .",
                "dirname(\"/c\") | /",
                "toupper(\"abcXYZ09z\") | ABCXYZ09Z",
                "tolower(\"ABCxyz\") | abcxyz",
                "lltostr(-123) | -123",
                "lltostr(255, 16) | ff",
                "strtok(\"a,b\", \",\") | a",
                "1 == 1 ? \"yes\" : \"no\" | yes",
                "probename | BEGIN",
                "execname | dtrace",
            })
    void functions_of_strings_answer_what_the_guide_says(String expression, String value) {
        assertThat(Recorder.quiet("BEGIN { printf(\"%s\", " + expression + "); exit(0) }"))
                .isEqualTo(value);
    }

    @Test
    void what_end_writes_beyond_its_buffer_is_dropped_and_refused_where_buffers_are_filled() {
        String program = "BEGIN { exit(0); } END { trace(\"a\"); }";

        Recorder ran = Recorder.run("-xdroptags", "-xstrsize=1k", "-xbufsize=512", "-qn", program);

        assertThat(ran.err()).matches("dtrace: \\[DTRACEDROP_PRINCIPAL] 1 drop on CPU [0-9]+\n");
        assertThat(ran.status()).isZero();
        assertThat(Recorder.run("-xbufpolicy=fill", "-xstrsize=1k", "-xbufsize=512", "-qn", program)
                        .err())
                .isEqualTo("dtrace: could not enable tracing: END enablings exceed size of principal buffer\n");
    }

    @Test
    void a_session_may_be_of_one_processor() {
        int last = Runtime.getRuntime().availableProcessors() - 1;

        Recorder ran = Recorder.run(
                "-xcpu=" + last,
                "-xswitchrate=10ms",
                "-qn",
                "BEGIN { printf(\"%d\", cpu); } tick-10ms { printf(\"%d\", cpu); exit(0); } syscall:::entry /cpu != "
                        + last + "/ { printf(\"elsewhere\"); }");

        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).isEqualTo("" + last + last + "\n");
        assertThat(Recorder.run("-xcpu=100000", "-n", "BEGIN").err())
                .endsWith("could not enable tracing: Invalid argument: no cpu 100000\n");
    }

    @Test
    void a_stack_has_as_many_frames_as_are_asked_for() {
        Recorder ran = Recorder.run(
                "-qn",
                "syscall::write:entry /pid == $target/ { stack(1); } END { sym((uintptr_t)&`schedule); }",
                "-c",
                "dd if=/dev/zero of=/dev/null bs=1 count=1 status=none");

        assertThat(ran.out()).matches("\n {14}vmlinux`\\w+\\+0x\\w+\n  vmlinux`schedule {34}\n");
    }

    @Test
    void strtok_goes_on_where_it_was() {
        assertThat(Recorder.quiet(
                        "BEGIN { printf(\"%s %s %s\", strtok(\"a,b;c\", \",;\"), strtok(NULL, \",;\"), strtok(NULL,"
                                + " \",;\")); exit(0) }"))
                .isEqualTo("a b c");
    }

    @Test
    void variables_of_all_scopes_keep_what_is_put_in() {
        assertThat(
                        Recorder.quiet(
                                "BEGIN { self->x = 5; this->y = self->x + 1; z[\"a\", 1] = 7; s = \"text\"; q[1] = \"str\";"
                                        + " printf(\"%d %d %d %d %s %s\", self->x, this->y, z[\"a\", 1], z[\"b\", 1], s, q[1]); exit(0) }"))
                .isEqualTo("5 6 7 0 text str");
    }

    @Test
    void clauses_of_one_probe_run_in_their_order() {
        assertThat(Recorder.quiet("BEGIN { x = 1; printf(\"a\"); } BEGIN /x == 1/ { printf(\"b\"); } BEGIN /x == 2/ {"
                        + " printf(\"c\"); } BEGIN { printf(\"d\"); exit(0) }"))
                .isEqualTo("abd");
    }

    @Test
    void a_fault_is_told_and_ends_its_clause_only() {
        Recorder ran = Recorder.run(
                "-qn", "BEGIN { printf(\"a\"); printf(\"%d\", *(int *)0); } BEGIN { printf(\"b\"); exit(0) }");

        assertThat(ran.out()).isEqualTo("b\n");
        assertThat(ran.err())
                .startsWith(
                        "dtrace: error on enabled probe ID 1 (ID 1: dtrace:::BEGIN): invalid address (0x0) in action"
                                + " #2 at DIF offset ");
    }

    @Test
    void division_by_zero_is_a_fault() {
        Recorder ran = Recorder.run("-qn", "BEGIN { z = 0; } BEGIN { printf(\"%d\", 1 / z); } BEGIN { exit(0) }");

        assertThat(ran.err()).contains("divide-by-zero in action #1");
    }

    @Test
    void the_error_probe_fires_on_a_fault() {
        Recorder ran =
                Recorder.run("-qn", "BEGIN { *(char *)8; } ERROR { printf(\"fault %d at %x\", arg4, arg5); exit(1) }");

        assertThat(ran.status()).isEqualTo(1);
        Recorder right = Recorder.run(
                "-qn", "BEGIN { x = *(char *)8; } ERROR { printf(\"fault %d at %x\", arg4, arg5); exit(1) }");
        assertThat(right.out()).isEqualTo("fault 1 at 8\n");
        assertThat(right.status()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "int a[5]; BEGIN { i = 8; a[i] = 1; } | index out of bounds (8) in action #2",
                "int a[int][4]; BEGIN { a[1][4] = 1; } | invalid address (0x10) in action #1",
                "BEGIN { trace(strtok(NULL, \"x\")); } | invalid address (0x0) in action #1",
            })
    void what_exits_in_error_is_the_last_that_the_probe_does(String program, String fault) {
        Recorder ran = Recorder.run("-qn", program + " BEGIN { printf(\"on\"); exit(0); } ERROR { exit(3); }");

        assertThat(ran.out()).isEqualTo("\n");
        assertThat(ran.status()).isEqualTo(3);
        assertThat(ran.err()).contains(fault);
    }

    @ParameterizedTest
    @CsvSource({"fill, 0 1 2 3 4 end, 0", "ring, 95 96 97 98 end, 1", "switch, 0 1 2 3 4 5, 1"})
    void a_buffer_keeps_what_its_policy_says(String policy, String kept, int status) {
        Recorder ran = Recorder.run(
                "-xbufpolicy=" + policy,
                "-xbufsize=64",
                "-xswitchrate=20ms",
                "-qn",
                "int i; tick-1ms { printf(\"%d \", i++); } tick-1ms /i == 99/ { exit(1); } END { printf(\"end\"); }");

        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).startsWith(kept);
        assertThat(ran.status()).isEqualTo(status);
    }

    @Test
    void tables_without_room_for_their_elements_drop_all_of_them() {
        Recorder ran = Recorder.run(
                "-xstrsize=1k",
                "-xaggsize=512",
                "-xdynvarsize=512",
                "-xdroptags",
                "-qn",
                "BEGIN { @[execname, \"one\"] = count(); @[execname, \"two\"] = count(); a[execname] = 1; exit(0); }");

        assertThat(ran.out()).isEqualTo("\n");
        assertThat(ran.err().replaceAll("CPU [0-9]+", "CPU"))
                .isEqualTo("dtrace: [DTRACEDROP_AGGREGATION] 2 aggregation drops on CPU\n"
                        + "dtrace: [DTRACEDROP_DYNAMIC] 1 dynamic variable drop\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bufsize", "aggsize", "dynvarsize"})
    void what_must_not_be_made_smaller_is_refused(String size) {
        Recorder ran = Recorder.run("-xbufresize=manual", "-x" + size + "=100t", "-qn", "BEGIN { exit(0); }");

        assertThat(ran.err()).isEqualTo("dtrace: could not enable tracing: Cannot allocate memory\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-xaggsize=8 @ = count();", "-xdynvarsize=15 a[1] = 1;"})
    void a_table_without_room_for_anything_is_refused(String line) {
        String[] words = line.split(" ", 2);
        Recorder ran = Recorder.run(words[0], "-qn", "BEGIN { " + words[1] + " exit(0); }");

        assertThat(ran.err()).isEqualTo("dtrace: could not enable tracing: Enabling exceeds size of buffer\n");
        assertThat(ran.status()).isEqualTo(1);
    }

    @Test
    void speculations_are_kept_until_they_are_committed() {
        assertThat(Recorder.quiet("BEGIN { i = speculation(); } BEGIN { speculate(i); printf(\"kept \"); } BEGIN {"
                        + " printf(\"first \"); } BEGIN { commit(i); } BEGIN { exit(0) }"))
                .isEqualTo("first kept ");
        assertThat(Recorder.quiet("BEGIN { i = speculation(); } BEGIN { speculate(i); printf(\"kept \"); } BEGIN {"
                        + " printf(\"first \"); } BEGIN { discard(i); exit(0) }"))
                .isEqualTo("first ");
    }

    @Test
    void speculations_are_free_as_soon_as_they_are_committed_or_discarded() {
        assertThat(Recorder.quiet("BEGIN { i = speculation(); } BEGIN { speculate(i); printf(\"kept%d \", i); }"
                        + " BEGIN { discard(i); } BEGIN { i = speculation(); }"
                        + " BEGIN { speculate(i); printf(\"again%d \", i); } BEGIN { commit(i); }"
                        + " BEGIN { i = speculation(); } BEGIN { speculate(i); printf(\"third%d \", i); }"
                        + " BEGIN { exit(0); } END { commit(i); }"))
                .isEqualTo("again1 third1 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"yes", "YES", "true", "Enable", "enabled", "on", "SeT", "1"})
    void switches_are_set_in_many_words(String word) {
        assertThat(Recorder.run(
                                "-n",
                                "#pragma D option quiet=" + word
                                        + "\n#pragma D option flowindent=UnSet\nBEGIN { exit(0); }")
                        .err())
                .isEmpty();
    }

    @Test
    void speculations_need_a_buffer() {
        Recorder ran =
                Recorder.run("-q", "-x", "specsize=7", "-n", "BEGIN { speculate(speculation()); } BEGIN { exit(0); }");
        assertThat(ran.err()).isEqualTo("dtrace: could not enable tracing: Enabling exceeds size of buffer\n");
        assertThat(Recorder.quiet("#pragma D option specsize=0\nBEGIN { printf(\"%d\", speculation()); exit(0); }"))
                .isEqualTo("1");
    }

    @Test
    void if_and_else_choose() {
        assertThat(Recorder.quiet(
                        "BEGIN { x = 3; if (x > 2) { printf(\"big \"); } else { printf(\"small \"); } if (x == 2)"
                                + " printf(\"two\"); else if (x == 3) printf(\"three\"); exit(0) }"))
                .isEqualTo("big three");
    }

    @Test
    void translated_objects_show_their_members() {
        assertThat(Recorder.quiet("BEGIN { printf(\"%d\", curpsinfo->pr_pid > 0); exit(0) }"))
                .isEqualTo("1");
    }

    @Test
    void structures_and_arrays_are_variables() {
        assertThat(Recorder.quiet(
                        "struct r { int n; char c; unsigned f:3; unsigned g:7; }; struct r one; struct r two; int a[10];"
                                + " BEGIN { one.n = 5; one.c = 97; one.f = 5; one.g = 100; one.n++; two = one; a[3] = 7; i = 3;"
                                + " a[i + 1] = a[i] + 1; printf(\"%d %c %d %d %d %d\", one.n, one.c, one.f, one.g, two.n, a[4]);"
                                + " exit(0); }"))
                .isEqualTo("6 a 5 100 6 8");
        assertThat(Recorder.run("-qn", "int a[10]; BEGIN { i = 20; a[i] = 1; } BEGIN { exit(0); }")
                        .err())
                .contains("index out of bounds (20) in action #2");
    }

    @Test
    void memory_that_was_asked_for_can_be_written() {
        assertThat(Recorder.quiet("BEGIN { this->p = (int *)alloca(8); *this->p = 4; this->p[1] = 9; printf(\"%d %d\","
                        + " *this->p, *(this->p + 1)); exit(0); }"))
                .isEqualTo("4 9");
    }

    @Test
    void programs_translators_give_their_members() {
        assertThat(Recorder.quiet(
                        "struct in { int a; }; struct out { int x; string y; }; typedef struct out out_t; translator"
                                + " out_t < struct in *I > { x = I->a + 1; y = \"why\"; }; struct in *p; BEGIN { p = (struct in"
                                + " *)alloca(sizeof (struct in)); p->a = 41; printf(\"%d %s\", xlate <out_t *> (p)->x, xlate"
                                + " <out_t *> (p)->y); exit(0); }"))
                .isEqualTo("42 why");
    }

    @Test
    void print_shows_members_by_name() {
        assertThat(Recorder.quiet("enum color { RED, GREEN = 5 }; struct s { int a; char b; char name[4]; int arr[2];"
                        + " enum color c; int f : 3; void *p; } v;"
                        + " BEGIN { v.a = 10; v.b = 'x'; v.arr[1] = 2; v.c = GREEN; v.f = 3; print(v); exit(0); }"))
                .isEqualTo("""
                        struct s {
                            int a = 0xa
                            char b = 'x'
                            char [4] name = [ "" ]
                            int [2] arr = [ 0, 0x2 ]
                            enum color c = GREEN
                            int f :3 = 0x3
                            void *p = 0
                        }""");
    }
}
