package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import zonda.kernel.Command;

/** What a session of a zone sees, and what it does not: the zone here is no more than its namespaces. */
@Timeout(60)
class ConfinementIT {
    private static final String WORK = "while :; do cat /etc/hostname >/dev/null; sleep 0.01; done";
    private static final String KERNEL = "invalid kernel access";
    /** Milliseconds that a program runs when it has not seen enough in a short time. */
    private static final int[] WINDOWS = {2_000, 10_000, 25_000};

    private static final String USER = "invalid user access";

    private static Process zone;
    private static Process neighbour;
    private static CallingZone calling;

    @BeforeAll
    static void aZoneAndANeighbour() throws Exception {
        Needs.rootAndTypes();
        zone = namespaces();
        neighbour = namespaces();
        long init = init(zone);
        calling = new CallingZone("z", namespace(init), 1, 0, 65_536, true, true, processes(init));
        init(neighbour);
    }

    @AfterAll
    static void end() {
        Stream.of(zone, neighbour).filter(java.util.Objects::nonNull).forEach(one -> {
            one.descendants().forEach(ProcessHandle::destroyForcibly);
            one.destroyForcibly();
        });
    }

    /** None of mounts: that would hold those of pools that other tests make and destroy. */
    private static Process namespaces() {
        return Command.of("unshare", "-U", "-r", "-p", "-f", "sh", "-c", WORK).start();
    }

    /** The first process of the namespaces, when it has begun to work. */
    private static long init(Process outer) throws Exception {
        while (outer.descendants().count() < 2) {
            assertThat(outer.isAlive()).isTrue();
            Thread.sleep(10);
        }
        return outer.children().findFirst().orElseThrow().pid();
    }

    private static long namespace(long process) throws IOException {
        return Long.parseLong(Files.readSymbolicLink(Path.of("/proc/" + process + "/ns/user"))
                .toString()
                .replaceAll("[^0-9]", ""));
    }

    private static CallingZone.Processes processes(long init) {
        return new CallingZone.Processes() {
            @Override
            public OptionalLong find(long number) {
                return number == 1 ? OptionalLong.of(init) : OptionalLong.empty();
            }

            @Override
            public boolean has(long process) {
                try {
                    return namespace(process) == namespace(init);
                } catch (IOException e) {
                    return false;
                }
            }
        };
    }

    private static Recorder run(String program) {
        return seen(program, _ -> true);
    }

    /** Runs a program until enough was seen of the zone, which may have to wait for its turn on a machine with much to do. */
    private static Recorder seen(String program, Predicate<Recorder> enough) {
        Recorder ran = window(program, 400);
        for (int i = 0; i < WINDOWS.length && !enough.test(ran); i++) {
            ran = window(program, WINDOWS[i]);
        }
        return ran;
    }

    private static Recorder window(String program, int milliseconds) {
        return Recorder.in(calling, "-wqn", program + " tick-" + milliseconds + "ms { exit(0); }");
    }

    private static Predicate<Recorder> printed(String pattern) {
        return ran -> Pattern.compile(pattern).matcher(ran.out()).find();
    }

    /** The keys of an aggregation, one on each line. */
    private static List<String> lines(Recorder ran) {
        // Two programs that make an element at the same moment on one processor: one is dropped, and told of.
        assertThat(ran.err().lines()).allMatch(line -> line.contains(" aggregation drop"));
        assertThat(ran.status()).isZero();
        return ran.out()
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
    }

    @Test
    void probes_fire_for_what_the_zone_does_and_for_nothing_else() {
        List<String> probes = List.of(
                "syscall:::entry",
                "syscall:::return",
                "sched:::on-cpu",
                "sched:::off-cpu",
                "sched:::sleep",
                "proc:::exec-success",
                "proc:::create",
                "proc:::exit",
                "sysinfo:::sysread",
                "vminfo:::as_fault");

        List<String> keys = lines(seen(
                probes.stream()
                        .map(probe -> probe + " { @[\"" + probe + "\", execname] = count(); }")
                        .collect(java.util.stream.Collectors.joining(" ")),
                ran -> probes.stream().allMatch(ran.out()::contains)));

        assertThat(keys).allMatch(line -> line.matches("[a-z]+:::[a-z_-]+ +(sh|cat|sleep) +[0-9]+"));
        assertThat(keys.stream().map(line -> line.split(" ")[0]).distinct())
                .containsExactlyInAnyOrderElementsOf(probes);
    }

    @Test
    void numbers_of_processes_and_users_are_those_of_the_zone() {
        List<String> keys =
                lines(seen("syscall::wait4:entry { @[pid, ppid, uid, gid, zonename] = count(); }", printed("[0-9]")));

        assertThat(keys).isNotEmpty().allMatch(line -> line.matches("1 +0 +0 +0 +z +[0-9]+"));
    }

    @Test
    void one_knows_the_thread_by_its_name_and_arguments_and_reads_its_memory() {
        Recorder ran = seen(
                "syscall::openat:entry /execname == \"cat\"/ { @[copyinstr(arg1), curpsinfo->pr_psargs,"
                        + " curpsinfo->pr_fname, curlwpsinfo->pr_lwpid == tid] = count(); }"
                        + " syscall::write:return /curpsinfo->pr_uid == 0/ { self->n = arg1; @b[self->n > 0] = count(); }",
                printed("/etc/hostname"));

        assertThat(lines(ran)).anyMatch(line -> line.matches("/etc/hostname +cat /etc/hostname +cat +1 +[0-9]+"));
    }

    @Test
    void memory_of_the_program_s_own_is_its_own_to_use() {
        Recorder ran = Recorder.in(
                calling,
                "-qn",
                "struct pair { int a; char b[8]; }; this struct pair p; this char *m; BEGIN { this->p.a = 3;"
                        + " this->m = alloca(16); bcopy(\"hello\", this->m, 6); this->m[0] = 'j';"
                        + " printf(\"%d %s %c %s\", this->p.a, stringof(this->m), *(this->m + 1), strjoin(\"a\", \"b\"));"
                        + " exit(0); }");

        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).isEqualTo("3 jello e ab\n");
    }

    /** Runs clauses, each of which must be a fault with these words wherever it is, and show nothing. */
    private static void refused(List<String> clauses, String words) {
        Recorder ran = seen(String.join(" ", clauses), some -> faulty(some).size() >= clauses.size());

        assertThat(ran.out().strip()).isEmpty();
        assertThat(ran.err().lines()).allMatch(line -> line.contains(words));
        assertThat(faulty(ran)).hasSameSizeAs(clauses);
    }

    /** The enabled probes that had a fault. */
    private static Set<String> faulty(Recorder ran) {
        return ran.err()
                .lines()
                .map(line -> line.replaceFirst(".* enabled probe ID ([0-9]+) .*", "$1"))
                .collect(Collectors.toSet());
    }

    @Test
    void the_kernel_is_not_the_zone_s_to_look_at() {
        refused(
                Stream.of(
                                "trace((uint64_t)curthread);",
                                "trace(curthread->pid);",
                                "trace(*(int *)0xffffffff81000000);",
                                "trace(stringof(0xffffffff81000000));",
                                "tracemem(0xffffffff81000000, 16);",
                                "print(*(struct list_head *)0xffffffff81000000);",
                                "trace(inet_ntoa((ipaddr_t *)0xffffffff81000000));",
                                "trace(((struct task_struct *)0xffffffff81000000)->comm);",
                                "trace(mutex_owned((kmutex_t *)0xffffffff81000000));",
                                "trace(rw_read_held((krwlock_t *)0xffffffff81000000));",
                                "this->m = alloca(8); bcopy((void *)0xffffffff81000000, this->m, 8); trace(1);",
                                "this->m = alloca(8); trace(*(uint64_t *)((uint64_t)this->m - 64));",
                                "this->m = alloca(8); trace(*(uint64_t *)((uint64_t)this->m + 8));",
                                "this->m = alloca(8); trace(stringof((uint64_t)this->m - 64));",
                                "trace(fds[0].fi_name);",
                                "trace((uint64_t)getf(0));")
                        .map(actions -> "syscall::wait4:entry { " + actions + " }")
                        .toList(),
                KERNEL);
        refused(
                List.of(
                        "sched:::on-cpu { trace(arg0); }",
                        "sched:::on-cpu { trace(raw2); }",
                        "sched:::off-cpu { trace(args[0]->pr_lwpid); }",
                        "sched:::off-cpu { trace(args[1]->pr_fname); }",
                        "proc:::create { trace(args[0]->pr_pid); }",
                        "inline uint64_t where = (uint64_t)curthread; syscall::wait4:entry { trace(where); }"),
                KERNEL);
    }

    @Test
    void nobody_else_s_thread_is_looked_at_where_a_probe_has_none_of_the_zone_s() {
        refused(
                Stream.of(
                                "trace(execname);",
                                "trace(pid);",
                                "trace(uid);",
                                "trace(vtimestamp);",
                                "trace(ucaller);",
                                "trace(curpsinfo->pr_psargs);",
                                "trace(copyinstr(0x400000));",
                                "trace(*(int *)copyin(0x400000, 4));",
                                "ustack();",
                                "trace(uregs[0]);",
                                "trace(progenyof(1));",
                                "self->x++; trace(self->x);",
                                "usym(0x400000);")
                        .map(actions -> "tick-50ms { " + actions + " }")
                        .toList(),
                USER);
        refused(
                List.of(
                        "BEGIN { trace(copyinstr(0x400000)); }",
                        "BEGIN { trace(vtimestamp); }",
                        "BEGIN { this->m = alloca(8); copyinto(0x400000, 8, this->m); trace(1); }",
                        "sched:::on-cpu { trace(copyinstr(0x400000)); }",
                        "sched:::on-cpu { ustack(); }"),
                USER);
    }

    @Test
    void an_error_clause_sees_no_more_than_the_clause_that_failed() {
        String secret = " ERROR { printf(\"%s %d %s %d\", execname, pid, copyinstr(0x400000), arg5); }";
        for (String failing : List.of("BEGIN { trace(1 / (timestamp == 0)); }", "tick-50ms { trace(execname); }")) {
            Recorder ran = seen(failing + secret, some -> some.err().contains("ERROR"));

            assertThat(ran.out().strip()).isEmpty();
            assertThat(ran.err()).contains("in ERROR probe enabling");
        }
        Recorder own = seen(
                "syscall::wait4:entry { trace(curthread); } ERROR { @[execname, arg5] = count(); }", printed("sh"));
        assertThat(own.out()).containsPattern("sh +0 +[0-9]+");
    }

    @Test
    void stacks_of_the_kernel_are_empty_and_its_symbols_have_no_names() {
        Recorder ran = seen(
                "syscall::wait4:entry { @[stackdepth, caller, stack()] = count(); }"
                        + " BEGIN { printf(\"%a;\", 0xffffffff81000000); sym(0xffffffff81000000); }",
                printed("0 +0\\s+[0-9]+"));

        assertThat(ran.err()).isEmpty();
        assertThat(ran.out())
                .doesNotContain("`")
                .contains("0xffffffff81000000;")
                .containsPattern("0 +0\\s+[0-9]+");
        assertThat(Recorder.in(calling, "-n", "BEGIN { trace((uint64_t)&`schedule); }")
                        .err())
                .contains("Unknown symbol name");
    }

    @Test
    void the_clock_shows_the_zone_s_programs_and_no_one_s_kernel() {
        List<String> keys = lines(seen("profile-1999 { @[execname, arg0] = count(); }", printed("[0-9]")));

        assertThat(keys).isNotEmpty().allMatch(line -> line.matches("(sh|cat|sleep) +0 +[0-9]+"));
    }

    @Test
    void other_providers_are_not_there() {
        Recorder listed = Recorder.in(calling, "-l");
        assertThat(listed.out()
                        .lines()
                        .skip(1)
                        .map(line -> line.strip().split(" +")[1])
                        .distinct())
                .containsExactlyInAnyOrder("dtrace", "syscall", "profile", "sched", "proc", "sysinfo", "vminfo");
        for (String provider : List.of("io", "sdt", "tcp", "fsinfo", "fbt")) {
            assertThat(Recorder.in(calling, "-xerrtags", "-P", provider).err())
                    .endsWith("[D_PDESC_ZERO] probe description " + provider + "::: does not match any probes\n");
        }
        var nothing = new CallingZone("z", 1, 1, 0, 65_536, false, false, calling.processes());
        assertThat(Recorder.in(nothing, "-l").out().lines().skip(1))
                .allMatch(line -> line.strip().split(" +")[1].equals("dtrace"));
        assertThat(Recorder.in(nothing, "-n", "pid1::main:entry").err()).contains("does not match any probes");
        assertThat(Recorder.in(nothing, "-n", "tick-1s").err()).contains("does not match any probes");
    }

    @Test
    void places_are_found_in_the_zone_s_processes_by_its_own_numbers_only() {
        Recorder own = Recorder.in(calling, "-ln", "pid1:libc:wait*:entry");
        assertThat(own.out().lines().count()).isGreaterThan(1);
        Recorder seen = seen(
                "pid1:libc:fork:entry, pid1:libc:_exit:entry, pid1:libc:wait*:entry"
                        + " { @[pid, probefunc, execname, usym(uregs[R_PC])] = count(); }",
                printed("[0-9]"));
        assertThat(lines(seen))
                .isNotEmpty()
                .allMatch(line -> line.matches("1 +[a-z0-9]+ +sh +libc.so.6`[a-z0-9_]+ +[0-9]+"));

        String other =
                Long.toString(neighbour.children().findFirst().orElseThrow().pid());
        assertThat(Recorder.in(calling, "-xerrtags", "-n", "pid" + other + "::main:entry")
                        .err())
                .contains("[D_PROC_GRAB] failed to grab process " + other);
        assertThat(Recorder.in(calling, "-n", "BEGIN", "-p", other).err())
                .isEqualTo("dtrace: failed to grab pid " + other + ": no such process\n");
    }

    @Test
    void what_it_may_do_to_others_is_nothing() {
        refused(List.of("tick-50ms { raise(9); }", "sched:::on-cpu { raise(9); }", "tick-50ms { stop(); }"), USER);
        refused(List.of("syscall::wait4:entry { chill(1000); }"), KERNEL);
        assertThat(zone.isAlive() && neighbour.isAlive()).isTrue();
    }

    @Test
    void what_is_printed_does_not_fill_the_host_s_memory() {
        Recorder wide = run("BEGIN { printf(\"%99999d|%99999d|%*d|\", 1, 2, 99999, 3); }");
        assertThat(wide.out().strip()).hasSizeLessThan(5000).matches("(?s) *1\\| *2\\| *3\\|");

        Recorder many = run("BEGIN { @ = count(); printa(\"%@99999d|\", @); }");
        assertThat(many.out().strip()).hasSizeLessThan(5000).matches("(?s) *1\\|");
    }

    @Test
    void structures_outside_of_the_clause_and_programs_that_grow_without_end_are_refused() {
        assertThat(Recorder.in(calling, "-n", "struct s { int a; }; struct s g; BEGIN { trace((uint64_t)&g.a); }")
                        .err())
                .contains("in a zone only clause-local variables");
        var program = new StringBuilder("inline int a0 = cpu;");
        for (int i = 1; i < 40; i++) {
            program.append("inline int a%d = a%d + a%d;".formatted(i, i - 1, i - 1));
        }
        assertThat(Recorder.in(calling, "-n", program + "BEGIN { trace(a39); }").err())
                .contains("the program is too large");
    }
}
