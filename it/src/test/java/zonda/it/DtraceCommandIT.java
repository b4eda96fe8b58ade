package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.kernel.Command;
import zonda.kernel.LinuxProcess;

/** dtrace(8) through the daemon: its output, its status, and its end when the caller wants one. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DtraceCommandIT {
    /** In a mount namespace: other tests have pools to take away. */
    private static final String LET_GO =
            "awk '$3 == \"btrfs\" && $2 ~ /zonda/ { print $2 }' /proc/self/mounts | sort -r | xargs -r umount -l; ";

    @RegisterExtension
    static final Instance zonda = new Instance();

    @Test
    void output_words_and_status_come_to_the_caller() {
        Ran ran = zonda.run("dtrace", "-n", "BEGIN { printf(\"%s\", execname); exit(3) }");

        assertThat(ran.status()).isEqualTo(3);
        assertThat(ran.out())
                .startsWith("CPU     ID                    FUNCTION:NAME\n")
                .contains(":BEGIN dtrace\n");
        assertThat(ran.err()).startsWith("dtrace: description 'BEGIN").endsWith("matched 1 probe\n");
    }

    @Test
    void a_signal_to_the_client_ends_the_session_and_its_output_is_whole() throws Exception {
        // What a shell starts in the background ignores SIGINT, and so would the client in tests that run there.
        var argv = new ArrayList<>(List.of("env", "--default-signal=INT"));
        argv.addAll(zonda.client("dtrace", "-"));
        argv.addAll(List.of(
                "-x",
                "switchrate=50ms",
                "-qn",
                "BEGIN { printf(\"begun\\n\"); @ = count(); } END { printf(\"ended\"); }"));
        Process client = Command.of(argv)
                .environment("ZONDA_SOCKET", zonda.identity().socket().toString())
                .start();
        try (var out = client.inputReader()) {
            assertThat(out.readLine()).isEqualTo("begun");

            LinuxProcess.find(client.pid()).orElseThrow().signal(2);

            assertThat(String.join("\n", out.lines().toList())).isEqualTo("\nended\n                1");
            assertThat(client.waitFor()).isZero();
        } finally {
            client.destroyForcibly();
        }
    }

    /** The client is in a mount namespace of its own, with a file system that nobody else sees. */
    @Test
    void files_are_written_by_the_caller() throws Exception {
        var argv = new ArrayList<>(List.of(
                "unshare",
                "-m",
                "sh",
                "-c",
                LET_GO + "mount -t tmpfs none /mnt && cd /mnt && \"$@\" && cat first second && ! test -e third",
                "sh"));
        argv.addAll(zonda.client("dtrace", "-"));
        argv.addAll(List.of(
                "-o",
                "first",
                "-wqn",
                "BEGIN { printf(\"one\\n\"); freopen(\"second\"); printf(\"two\\n\"); freopen(\"\");"
                        + " printf(\"three\"); exit(0); }"));
        Process client = Command.of(argv)
                .environment("ZONDA_SOCKET", zonda.identity().socket().toString())
                .start();
        try (var out = client.inputReader()) {
            assertThat(String.join("\n", out.lines().toList())).isEqualTo("one\nthree\ntwo");
            assertThat(client.waitFor()).isZero();
        } finally {
            client.destroyForcibly();
        }
    }

    /** As above, in a mount namespace of the client's own, with a variable of its own, and as part of its output. */
    @Test
    void commands_of_system_are_run_by_the_caller() throws Exception {
        var argv = new ArrayList<>(List.of(
                "unshare",
                "-m",
                "sh",
                "-c",
                LET_GO + "mount -t tmpfs none /mnt && cd /mnt && touch here && \"$@\" && cat file",
                "sh"));
        argv.addAll(zonda.client("dtrace", "-"));
        argv.addAll(List.of(
                "-wqn",
                "BEGIN { printf(\"one\\n\"); system(\"ls; pwd; echo $WORD ${LC_ALL-none} ${ZONDA_PID-none} %d\", 6 * 7);"
                        + " printf(\"two\\n\"); freopen(\"file\"); system(\"echo three\"); freopen(\"\"); exit(0); }"));
        Process client = Command.of(argv)
                .environment("ZONDA_SOCKET", zonda.identity().socket().toString())
                .environment("WORD", "own")
                .environment("LC_ALL", "POSIX")
                // What the launcher makes of it, for a client that is started without.
                .environment("ZONDA_LC_ALL", "POSIX")
                .start();
        try (var out = client.inputReader()) {
            assertThat(String.join("\n", out.lines().toList()))
                    .isEqualTo("one\nhere\n/mnt\nown POSIX none 42\ntwo\n\nthree");
            assertThat(client.waitFor()).isZero();
        } finally {
            client.destroyForcibly();
        }
    }

    @Test
    void a_file_that_can_not_be_written_is_named() {
        Ran ran = zonda.run("dtrace", "-o", "/nowhere/at/all", "-qn", "BEGIN { exit(0) }");

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err())
                .isEqualTo("dtrace: failed to open output file '/nowhere/at/all': No such file or directory\n");
    }

    @Test
    void programs_go_when_the_caller_does() {
        Call call = zonda.call(
                "dtrace",
                "-x",
                "switchrate=50ms",
                "-qn",
                "BEGIN { printf(\"begun\"); } syscall:::entry { @ = count(); }");
        try (call) {
            assertThat(Await.until(Instance.LIMIT, () -> call.out().contains("begun")))
                    .isTrue();
            assertThat(programs()).isNotZero();
        }

        assertThat(Await.until(Instance.LIMIT, () -> programs() == 0)).isTrue();
    }

    // In zones.

    private static final String DTRACE = "dtrace() { /native/usr/sbin/dtrace \"$@\"; }; cd /tmp; ";

    private static UUID tracing() {
        return zonda.create(zonda.payload().with("limit_priv", "default,dtrace_user,dtrace_proc"));
    }

    @Test
    void a_zone_without_the_privilege_is_told_so_and_one_that_loses_it_is_too() {
        UUID vm = zonda.create(zonda.payload());
        Ran ran = zonda.zlogin(vm.toString(), DTRACE + "dtrace -n BEGIN");
        assertThat(ran.err()).isEqualTo("dtrace: failed to initialize dtrace: DTrace requires additional privileges\n");
        assertThat(ran.status()).isEqualTo(1);

        UUID other = tracing();
        assertThat(zonda.sh(other, DTRACE + "dtrace -qn 'BEGIN { trace(zonename); exit(0); }'"))
                .isEqualTo(other.toString());
        assertThat(zonda.vmadm("update", other.toString(), "limit_priv=default").status())
                .isZero();
        assertThat(zonda.zlogin(other.toString(), DTRACE + "dtrace -n BEGIN").err())
                .isEqualTo("dtrace: failed to initialize dtrace: DTrace requires additional privileges\n");
        zonda.deleteAll();
    }

    @Test
    void a_zone_s_session_does_what_its_caller_could_and_is_in_its_words() {
        UUID vm = tracing();

        Ran ran = zonda.zlogin(vm.toString(), DTRACE + "dtrace -n 'BEGIN { trace(pid == $pid); exit(3); }'");
        assertThat(ran.out()).startsWith("CPU     ID ").contains(":BEGIN         1\n");
        assertThat(ran.err()).isEqualTo("dtrace: description 'BEGIN ' matched 1 probe\n");
        assertThat(ran.status()).isEqualTo(3);

        assertThat(zonda.sh(
                        vm,
                        DTRACE
                                + "echo 'BEGIN { printf(\"%s %d\\n\", $$1, $2); system(\"echo %s; echo $WORD\", \"now\");"
                                + " freopen(\"two\"); printf(\"in two\"); exit(0); }' > s.d;"
                                + " WORD=own dtrace -wqs s.d words 7; cat two; dtrace -qo out -n 'BEGIN { trace(1);"
                                + " exit(0); }'; cat out; dtrace -qs none.d 2>&1; true"))
                .isEqualTo("words 7\nnow\nown\nin two\n1\ndtrace: failed to open none.d: No such file or directory");
        assertThat(zonda.sh(
                        vm,
                        DTRACE
                                + "dtrace -qn 'syscall::write:entry /pid == $target/ { @[execname, ppid == $pid, uid] = count(); }'"
                                + " -c 'dd if=/dev/zero of=/dev/null bs=1 count=100'"))
                .containsPattern("dd +0 +0 +1[0-9][0-9]$");
        assertThat(zonda.zlogin(vm.toString(), DTRACE + "dtrace -n BEGIN -c /no/such")
                        .err())
                .isEqualTo("dtrace: failed to execute /no/such: cannot find executable file\n");
        assertThat(
                        zonda.sh(
                                vm,
                                "cd /tmp; /native/usr/sbin/dtrace -qn 'BEGIN { printf(\"begun\\n\"); } END { printf(\"ended\"); }'"
                                        + " >o & until grep -qs begun o; do sleep 0.1; done; kill -TERM $!; wait $!; echo $?; cat o"))
                .isEqualTo("0\nbegun\n\nended");
        zonda.deleteAll();
    }

    @Test
    void a_zone_sees_its_own_processes_whatever_it_asks_for() throws Exception {
        UUID vm = tracing();
        UUID other = zonda.create(zonda.payload());
        String busy = "cp /native/usr/bin/busybox /tmp/NAME; while :; do /tmp/NAME true; /tmp/NAME sleep 0.01; done";
        String ours = busy.replace("/tmp/NAME true", "/tmp/mine-1 true").replace("NAME", "mine-1");
        try (Call mine = zonda.call("zlogin", vm.toString(), ours);
                Call theirs = zonda.call("zlogin", other.toString(), busy.replace("NAME", "theirs-1"))) {
            assertThat(mine.out() + theirs.out()).isEmpty();
            String program = "dtrace -qn 'syscall:::entry, sched:::on-cpu, proc:::, sysinfo:::, vminfo:::, profile-997"
                    + " { @[execname] = count(); @z[zonename] = count(); }"
                    + " syscall::execve:return { @p[curpsinfo->pr_psargs] = count(); }"
                    + " tick-SECONDSs { exit(0); }'";
            String seen = zonda.sh(vm, DTRACE + program.replace("SECONDS", "2"));
            if (!seen.contains("/tmp/mine-1 sleep 0.01")) {
                seen = zonda.sh(vm, DTRACE + program.replace("SECONDS", "20"));
            }

            assertThat(seen)
                    .contains("mine-1")
                    .contains("/tmp/mine-1 sleep 0.01")
                    .contains(vm.toString());
            assertThat(seen).doesNotContain("theirs").doesNotContain("java").doesNotContain(other.toString());
            String host = Long.toString(zonda.daemon().pid());
            assertThat(zonda.zlogin(vm.toString(), DTRACE + "dtrace -n BEGIN -p " + host)
                            .err())
                    .isEqualTo("dtrace: failed to grab pid " + host + ": no such process\n");
            assertThat(zonda.sh(
                            vm, DTRACE + "dtrace -qn 'BEGIN { exit(0); }' -p 1; dtrace -l | grep ' sdt\\| io '; true"))
                    .isEmpty();
        }
        zonda.deleteAll();
    }

    @Test
    void a_zone_has_a_few_sessions_and_they_end_with_it() {
        UUID vm = tracing();
        String loop = "/native/usr/sbin/dtrace -qn 'BEGIN { printf(\"begun\\n\"); } syscall:::entry { @ = count(); }'"
                + " >>/tmp/sessions 2>/dev/null & ";
        String begun = "until [ \"$(grep -cs begun /tmp/sessions)\" = 4 ]; do sleep 0.1; done; ";
        String free = "until dtrace -V >/dev/null 2>&1; do sleep 0.1; done; ";
        Ran ran = zonda.zlogin(
                vm.toString(), DTRACE + loop.repeat(4) + begun + "dtrace -n BEGIN; kill -9 $!; " + free + "dtrace -V");
        assertThat(ran.err()).isEqualTo("dtrace: failed to initialize dtrace: this zone has 4 sessions already\n");
        assertThat(ran.out()).isEqualTo("dtrace: Sun D 1.14\n");
        assertThat(programs()).isNotZero();

        assertThat(zonda.vmadm("stop", "-F", vm.toString()).status()).isZero();

        assertThat(Await.until(Instance.LIMIT, () -> programs() == 0)).isTrue();
        zonda.deleteAll();
    }

    /** Programs that the daemon holds: its descriptors of eBPF. */
    private static long programs() {
        try (var files = java.nio.file.Files.list(
                java.nio.file.Path.of("/proc/" + zonda.daemon().pid() + "/fd"))) {
            return files.filter(file -> {
                        try {
                            return java.nio.file.Files.readSymbolicLink(file)
                                    .toString()
                                    .contains("bpf-prog");
                        } catch (java.io.IOException e) {
                            return false;
                        }
                    })
                    .count();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
