package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.kernel.Command;

/** zlogin(1): commands with their streams and status, terminals, consoles. */
class ZloginIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    private static final Duration SOON = Duration.ofSeconds(30);

    private static UUID vm;

    @BeforeAll
    static void make_a_zone() {
        vm = zonda.create(zonda.payload("web01"));
    }

    @Test
    void the_outputs_are_apart_and_the_status_is_the_commands() {
        Ran ran = zonda.zlogin("web01", "echo", "data;", "echo words >&2;", "exit", "7");

        assertThat(ran.status()).isEqualTo(7);
        assertThat(ran.out()).isEqualTo("data\n");
        assertThat(ran.err()).isEqualTo("words\n");
    }

    @Test
    void a_command_that_a_signal_ends_has_the_status_of_a_shell() {
        assertThat(zonda.zlogin("web01", "kill -9 $$").status()).isEqualTo(137);
        assertThat(zonda.zlogin("web01", "no-such-command").status()).isEqualTo(127);
    }

    @Test
    void a_megabyte_of_any_bytes_passes_both_ways_unchanged() {
        byte[] sent = new byte[1 << 20];
        new Random(42).nextBytes(sent);

        try (Call call = zonda.call("zlogin", "web01", "cat; echo end >&2")) {
            Ran ran = call.type(sent).endInput().ran(SOON);

            assertThat(ran.status()).isZero();
            assertThat(Arrays.equals(ran.bytes(), sent)).isTrue();
            assertThat(ran.err()).isEqualTo("end\n");
        }
    }

    @Test
    void what_it_writes_arrives_while_it_runs() {
        try (Call call = zonda.call("zlogin", "web01", "echo first; read answer; echo got $answer")) {
            call.awaitOut("first", SOON);
            assertThat(call.hasEnded()).isFalse();
            call.type("this\n").endInput();
            assertThat(call.ran(SOON).out()).isEqualTo("first\ngot this\n");
        }
    }

    @Test
    void a_loop_around_vmadm_keeps_its_input() throws IOException {
        Command.Result ran = shell("""
                printf '1\\n2\\n3\\n' | while read n; do
                    $VMADM list -H -o alias < /dev/stdin || exit 1
                    echo "round $n"
                done
                """);

        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).isEqualTo("web01\nround 1\nweb01\nround 2\nweb01\nround 3\n");
    }

    @Test
    void a_loop_around_commands_in_a_zone_keeps_its_input_when_they_are_to_have_none() throws IOException {
        Command.Result ran = shell("""
                printf '1\\n2\\n3\\n' | while read n; do
                    $ZLOGIN -Qn web01 "cat; echo $n" || exit 1
                done
                """);

        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).isEqualTo("1\n2\n3\n");
        assertThat(zonda.zlogin("-Sl", "root", "web01", "id", "-un").out()).isEqualTo("root\n");
        assertThat(zonda.zlogin("-lroot", "-d", "web01", "id", "-un").out()).isEqualTo("root\n");
        Ran unknown = zonda.zlogin("-x", "web01");
        assertThat(unknown.status()).isEqualTo(2);
        assertThat(unknown.err()).startsWith("zlogin: unknown option: -x\nusage: zlogin");
    }

    @Test
    void the_real_client_passes_streams_and_status_on() throws IOException {
        Command.Result ran = shell("printf 'a b' | $ZLOGIN web01 'cat; echo words >&2; exit 3'; echo \" status $?\"");

        assertThat(ran.out()).isEqualTo("a b status 3\n");
        assertThat(ran.err()).isEqualTo("words\n");
    }

    @Test
    void a_megabyte_passes_through_the_real_client_unchanged() throws IOException {
        Path file = zonda.root().resolve("megabyte");
        byte[] bytes = new byte[1 << 20];
        new Random(43).nextBytes(bytes);
        Files.write(file, bytes);

        Command.Result ran = shell("$ZLOGIN web01 cat < " + file + " | cmp - " + file + " && echo same");

        assertThat(ran.out()).as(ran.err()).isEqualTo("same\n");
    }

    /** Runs a script in which $VMADM and $ZLOGIN are the real client. */
    private static Command.Result shell(String script) throws IOException {
        return Command.of("sh", "-c", script)
                .environment("ZONDA_SOCKET", zonda.identity().socket().toString())
                .environment("VMADM", String.join(" ", zonda.client("vmadm", "-")))
                .environment("ZLOGIN", String.join(" ", zonda.client("zlogin", "-")))
                .run(SOON);
    }

    @Test
    void the_user_is_the_one_asked_for() {
        assertThat(zonda.zlogin("web01", "id -un; pwd; echo $HOME $USER").out()).isEqualTo("root\n/root\n/root root\n");
        Ran ran = zonda.zlogin("-l", "www-data", "web01", "id");
        // Its shell is /bin/false, which is what a login shell does with a command.
        assertThat(ran.status()).isEqualTo(1);

        zonda.sh(vm, "echo ann:x:1000:100::/home/ann:/bin/sh >> /etc/passwd; mkdir /home/ann");
        Ran ann = zonda.zlogin("-l", "ann", "web01", "id -un; pwd; grep CapEff /proc/self/status");
        assertThat(ann.out()).as(ann.toString()).isEqualTo("ann\n/home/ann\nCapEff:\t0000000000000000\n");
    }

    @Test
    void an_unknown_user_or_zone_is_named() {
        Ran user = zonda.zlogin("-l", "nobody-here", "web01", "id");
        assertThat(user.status()).isEqualTo(1);
        assertThat(user.err()).isEqualTo("zlogin: no user \"nobody-here\" in the zone\n");

        Ran zone = zonda.zlogin("nowhere", "id");
        assertThat(zone.status()).isEqualTo(1);
        assertThat(zone.err()).isEqualTo("zlogin: no VM has UUID, UUID prefix or alias \"nowhere\"\n");

        Ran none = zonda.run("zlogin");
        assertThat(none.status()).isEqualTo(2);
        assertThat(none.err()).startsWith("zlogin: zone name missing\nusage: zlogin");
    }

    @Test
    void a_zone_that_does_not_run_lets_nobody_in() {
        UUID off = zonda.create(zonda.payload("off").with("autoboot", false));

        Ran ran = zonda.zlogin("off", "id");

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).isEqualTo("zlogin: login allowed only to running zones (" + off + " is 'installed').\n");
        zonda.delete(off);
    }

    @Test
    void a_login_has_a_terminal_whose_size_follows() {
        try (Call login = zonda.onTerminal("zlogin", "web01")) {
            assertThat(Await.until(SOON, login::isRaw)).isTrue();
            login.resize(33, 101).type("tty; stty size\n");
            login.awaitOut("33 101", SOON);
            assertThat(login.out()).contains("/dev/pts/");

            login.resize(50, 120);
            assertThat(Await.until(SOON, () -> {
                        login.type("stty size\n");
                        return login.out().contains("50 120");
                    }))
                    .isTrue();

            login.type("exit 5\n");
            Ran ran = login.ran(SOON);
            assertThat(ran.status()).isEqualTo(5);
            assertThat(ran.err())
                    .contains("[Connected to zone '" + vm + "' pts]")
                    .contains("closed]");
        }
    }

    @Test
    void the_real_client_on_a_terminal_logs_in_and_leaves_the_terminal_as_it_was() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")), "needs script(1)");
        String client = String.join(" ", zonda.client("zlogin", "ioe"));
        String inner = "stty rows 44 cols 99; before=$(stty -g); " + client
                + " web01; status=$?; [ \"$before\" = \"$(stty -g)\" ] && echo same=$status";

        Command.Result ran = Command.of(
                        "sh",
                        "-c",
                        "(for i in 1 2 3 4; do sleep 1; echo 'stty size'; done; echo 'exit 9'; "
                                + "sleep 5) | script -qec '" + inner + "' /dev/null")
                .environment("ZONDA_SOCKET", zonda.identity().socket().toString())
                .environment("TERM", "vt100")
                .run(SOON);

        assertThat(ran.out()).contains("44 99").contains("same=9");
    }

    @Test
    void the_console_is_left_by_tilde_and_dot() {
        try (Call console = zonda.onTerminal("zlogin", "-C", "web01")) {
            assertThat(Await.until(SOON, console::isRaw)).isTrue();
            console.type("\r");
            console.awaitOut("login:", SOON);
            console.type("~.");
            Ran ran = console.ran(SOON);
            assertThat(ran.status()).isZero();
            assertThat(ran.err())
                    .isEqualTo("[Connected to zone '" + vm + "' console; leave with ~.]\n\r\n[Connection to zone '" + vm
                            + "' console closed]\n");
        }
        assertThat(zonda.state(vm)).isEqualTo("running");
    }

    @Test
    void several_see_the_same_console() {
        try (Call one = zonda.onTerminal("zlogin", "-C", "web01");
                Call other = zonda.onTerminal("vmadm", "console", "web01")) {
            assertThat(Await.until(SOON, () -> one.isRaw() && other.isRaw())).isTrue();
            zonda.sh(vm, "echo hello-both > /dev/console");
            one.awaitOut("hello-both", SOON);
            other.awaitOut("hello-both", SOON);
            one.type("\r~.");
            other.type("\u001d");
            assertThat(one.ran(SOON).status()).isZero();
            assertThat(other.ran(SOON).status()).isZero();
        }
    }

    @Test
    void the_console_closes_when_the_zone_stops() {
        UUID brief = zonda.create(zonda.payload("brief"));
        try (Call console = zonda.onTerminal("zlogin", "-C", "brief")) {
            assertThat(Await.until(SOON, console::isRaw)).isTrue();
            assertThat(zonda.vmadm("stop", "-F", "brief").status()).isZero();
            assertThat(console.ran(SOON).err()).endsWith("console closed]\n");
        }
        zonda.delete(brief);
    }

    @Test
    void a_client_that_is_killed_takes_its_program_with_it() {
        Call call = zonda.call("zlogin", "web01", "sleep 300");
        assertThat(Await.until(SOON, () -> runs("sleep 300"))).isTrue();
        call.close();
        assertThat(Await.until(SOON, () -> !runs("sleep 300"))).isTrue();

        Call login = zonda.onTerminal("zlogin", "web01");
        assertThat(Await.until(SOON, login::isRaw)).isTrue();
        login.type("sleep 400\n");
        assertThat(Await.until(SOON, () -> runs("sleep 400"))).isTrue();
        login.close();
        assertThat(Await.until(SOON, () -> !runs("sleep 400"))).isTrue();
    }

    private static boolean runs(String command) {
        return zonda.sh(vm, "ps -o args").lines().anyMatch(line -> line.contains(command) && !line.contains("ps -o"));
    }

    @Test
    void a_command_that_reads_nothing_is_given_nothing() {
        try (Call call = zonda.call("vmadm", "list")) {
            assertThat(call.ran(SOON).status()).isZero();
            assertThat(call.timesWanted()).isZero();
        }
    }

    @Test
    void many_commands_at_once_keep_their_outputs_to_themselves() {
        List<Call> calls = java.util.stream.IntStream.range(0, 16)
                .mapToObj(i -> zonda.call("zlogin", "web01", "echo " + i + "; exit " + i))
                .toList();
        for (int i = 0; i < calls.size(); i++) {
            try (Call call = calls.get(i)) {
                Ran ran = call.endInput().ran(SOON);
                assertThat(ran.out()).isEqualTo(i + "\n");
                assertThat(ran.status()).isEqualTo(i);
            }
        }
    }
}
