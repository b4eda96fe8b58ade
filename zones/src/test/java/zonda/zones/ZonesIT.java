package zonda.zones;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.base.Await;
import zonda.base.Bytes;
import zonda.kernel.Command;
import zonda.kernel.Mounts;
import zonda.kernel.Streams;

/** Real zones of a busybox root, on tmpfs, without NICs. */
class ZonesIT {
    private static final Duration SOON = Duration.ofSeconds(10);

    private final UUID zone = UUID.randomUUID();
    private final String instance = "zt" + zone.toString().substring(0, 6);
    private final IdRange ids = new IdRange(1_000_000L / IdRange.SIZE * IdRange.SIZE + IdRange.SIZE);
    private Path work;
    private Path root;
    private Zones zones;

    @BeforeEach
    void make_a_root() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/bin/busybox")), "needs the package busybox-static");
        assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
        work = Files.createTempDirectory("zonda-zones-");
        Mounts.mount("tmpfs", work, "tmpfs", 0, "mode=755");
        root = work.resolve("image");
        for (String directory : List.of("bin", "sbin", "etc", "dev", "proc", "sys", "tmp", "run", "root")) {
            Files.createDirectories(root.resolve(directory));
        }
        Files.copy(Path.of("/bin/busybox"), root.resolve("bin/busybox"));
        for (String applet : List.of("sh", "sleep", "cat", "ls", "id", "stty", "echo", "touch", "reboot", "poweroff")) {
            Files.createSymbolicLink(root.resolve("bin/" + applet), Path.of("busybox"));
        }
        Files.createSymbolicLink(root.resolve("sbin/init"), Path.of("../bin/busybox"));
        Files.writeString(root.resolve("etc/inittab"), "::respawn:/bin/sleep 1000\n");
        zones = reopened();
    }

    @AfterEach
    void leave_nothing() throws IOException {
        if (zones == null) {
            return;
        }
        zones.destroy(zone);
        assertThat(zones.processes(zone)).isEmpty();
        for (Path hierarchy : Cgroups.find(instance).directories(zone)) {
            assertThat(hierarchy).doesNotExist();
        }
        removeParentGroups();
        Mounts.detach(work);
        Files.delete(work);
    }

    private void removeParentGroups() throws IOException {
        try (Stream<Path> hierarchies = Files.list(Cgroups.TREE)) {
            for (Path hierarchy : hierarchies.toList()) {
                Files.deleteIfExists(hierarchy.resolve(instance));
            }
        }
    }

    private Zones reopened() {
        var config = new ZonesConfig(work.resolve("run"), work.resolve("log"), instance);
        var opened = new Zones(config, InstantSource.system());
        opened.start();
        return opened;
    }

    private ZoneSpec spec(InitProgram init) {
        var limits = new Limits(
                Bytes.ofMiB(128),
                Bytes.ofMiB(256),
                OptionalLong.of(50),
                100,
                200,
                Bytes.ofMiB(1),
                100,
                Bytes.ofMiB(16));
        return new ZoneSpec(zone, zone.toString(), "web01", root, ids, init, limits, Set.of(), List.of());
    }

    private ZoneSpec machine() {
        return spec(new InitProgram.Machine("/sbin/init", InitProgram.Kind.BUSYBOX));
    }

    private String run(String script) throws Exception {
        var program = new ZoneExec.Program(
                List.of("/bin/sh", "-c", script), ZoneExec.User.ROOT, "/", Map.of("PATH", "/bin:/sbin"));
        Process process = zones.exec().start(zone, program);
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return out + err + "exit " + process.waitFor();
    }

    @Test
    void a_zone_boots_with_its_name_its_ids_and_its_limits_and_stops_when_asked() throws Exception {
        RunningZone running = zones.boot(machine(), _ -> {});

        assertThat(Files.readString(Path.of("/proc/" + running.init().pid() + "/comm")))
                .as("it is the zone's own program by then, which others can enter")
                .isEqualTo("init\n");
        assertThat(running.init().hasProgram()).isTrue();
        assertThat(zones.isRunning(zone)).isTrue();
        assertThat(run("hostname 2>/dev/null || cat /proc/sys/kernel/hostname; id -u; exit 7"))
                .isEqualTo("web01\n0\nexit 7");
        assertThat(Files.readString(Path.of("/proc/" + running.init().pid() + "/uid_map")))
                .contains(String.valueOf(ids.base()));
        assertThat(run("touch /root/mine")).isEqualTo("exit 0");
        assertThat(Files.getAttribute(root.resolve("root/mine"), "unix:uid")).isEqualTo(0);

        assertThat(zones.shutDown(zone, machine().init(), SOON)).isTrue();
        assertThat(Await.until(SOON, () -> zones.exitStatus(zone).isPresent())).isTrue();
        assertThat(zones.exitStatus(zone).orElseThrow().isHalt()).isTrue();
    }

    @Test
    void an_init_that_does_not_listen_yet_is_asked_when_it_does() throws Exception {
        Path late = Files.writeString(root.resolve("late"), """
                #!/bin/sh
                sleep 1
                trap 'exit 7' USR2
                while :; do sleep 0.1; done
                """);
        Files.setPosixFilePermissions(late, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        var init = new InitProgram.Machine("/late", InitProgram.Kind.BUSYBOX);
        zones.boot(spec(init), _ -> {});

        assertThat(zones.shutDown(zone, init, SOON)).isTrue();

        assertThat(Await.until(SOON, () -> zones.exitStatus(zone).isPresent())).isTrue();
        assertThat(zones.exitStatus(zone).orElseThrow().code()).isEqualTo(7);
    }

    @Test
    void a_directory_that_a_zone_s_root_can_not_pass_is_named() throws IOException {
        Files.setPosixFilePermissions(work, java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));

        assertThatThrownBy(this::reopened).hasMessageEndingWith("chmod o+x " + work);
    }

    @Test
    void a_zone_is_known_again_by_another_daemon() {
        RunningZone before = zones.boot(machine(), _ -> {});

        Zones next = reopened();

        assertThat(next.remembered()).containsExactly(zone);
        assertThat(next.find(zone)).contains(before);
        assertThat(next.isRunning(zone)).isTrue();
    }

    @Test
    void a_zone_that_reboots_itself_says_so() throws Exception {
        zones.boot(machine(), _ -> {});

        run("reboot");

        assertThat(Await.until(SOON, () -> zones.exitStatus(zone).isPresent())).isTrue();
        assertThat(zones.exitStatus(zone).orElseThrow().isReboot()).isTrue();
    }

    @Test
    void limits_change_while_it_runs() throws Exception {
        zones.boot(machine(), _ -> {});
        Limits before = machine().limits();

        zones.limit(
                zone,
                new Limits(
                        Bytes.ofMiB(64),
                        Bytes.ofMiB(64),
                        OptionalLong.empty(),
                        200,
                        50,
                        before.lockedMemory(),
                        50,
                        Bytes.ofMiB(8)));

        assertThat(run("dd if=/dev/zero of=/tmp/f bs=1M count=9 2>&1 | tail -n 1; busybox df -m /tmp | tail -n 1"))
                .contains("8 ");
        Cgroups groups = Cgroups.find(instance);
        assertThat(groups.directories(zone).stream()
                        .map(ZonesIT::limitsIn)
                        .toList()
                        .toString())
                .contains("67108864")
                .contains("50");
    }

    private static String limitsIn(Path group) {
        try (Stream<Path> files = Files.list(group)) {
            var text = new StringBuilder();
            for (Path file : files.toList()) {
                if (String.valueOf(file.getFileName()).matches("memory.limit_in_bytes|memory.max|pids.max")) {
                    text.append(Files.readString(file));
                }
            }
            return text.toString();
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void a_terminal_in_the_zone_has_the_size_it_is_given() throws Exception {
        zones.boot(machine(), _ -> {});
        var program = new ZoneExec.Program(
                List.of("/bin/sh", "-c", "sleep 0.3; stty size; exit 3"),
                ZoneExec.User.ROOT,
                "/",
                Map.of("PATH", "/bin"));

        ZoneExec.OnTerminal session = zones.exec().startOnTerminal(zone, program);
        zonda.kernel.Pty.resize(session.terminal(), 33, 99);
        String out = new String(Streams.input(session.terminal()).readAllBytes(), StandardCharsets.UTF_8);

        assertThat(out).contains("33 99");
        assertThat(session.process().waitFor()).isEqualTo(3);
        session.terminal().close();
    }

    @Test
    void an_init_that_is_not_there_is_an_error_that_leaves_nothing() {
        var bad = spec(new InitProgram.Machine("/sbin/nothing", InitProgram.Kind.OTHER));

        assertThatThrownBy(() -> zones.boot(bad, _ -> {})).hasMessageContaining("/sbin/nothing");

        assertThat(zones.remembered()).isEmpty();
    }

    @Test
    void a_console_shows_what_the_zone_writes_and_takes_what_is_typed() throws Exception {
        Files.writeString(root.resolve("etc/inittab"), "console::respawn:/bin/sh\n");
        zones.boot(machine(), _ -> {});

        try (Console console = zones.console(zone)) {
            byte[] typed = "echo $((6*7))-answer\r".getBytes(StandardCharsets.US_ASCII);
            console.type(typed, typed.length);
            var seen = new StringBuilder();
            byte[] piece = new byte[512];
            var output = console.output();
            while (!seen.toString().contains("42-answer")) {
                int length = output.read(piece);
                assertThat(length).as("console ended after: " + seen).isPositive();
                seen.append(new String(piece, 0, length, StandardCharsets.UTF_8));
            }
        }
        assertThat(Await.until(
                        SOON,
                        () -> String.join("\n", zones.consoleTail(zone, 20)).contains("42-answer")))
                .isTrue();
    }

    @Test
    void the_filter_of_system_calls_is_on_and_refuses() throws Exception {
        zones.boot(machine(), _ -> {});

        assertThat(run("busybox grep Seccomp: /proc/1/status")).contains("2");
        assertThat(run("busybox insmod /bin/sh")).doesNotContain("exit 0");
        // clock_settime: no capability, and no system call.
        assertThat(run("busybox date -s 200001010000")).contains("Operation not permitted");
        assertThat(run("busybox unshare -m busybox true")).isEqualTo("exit 0");
    }

    /** conmon leaves a file there when a zone passes its memory. */
    @Test
    void a_monitor_works_where_what_it_leaves_goes_with_the_zone() throws IOException {
        RunningZone running = zones.boot(machine(), _ -> {});

        assertThat(Files.readSymbolicLink(Path.of("/proc/" + running.monitor().pid() + "/cwd")))
                .endsWith(Path.of(running.uuid().toString()));
    }

    @Test
    void a_monitor_holds_no_copy_of_mounts_that_are_not_its_zone_s() throws IOException {
        Path other = Files.createDirectory(work.resolve("other-dataset"));
        Mounts.mount("tmpfs", other, "tmpfs", 0, "");
        try {
            RunningZone running = zones.boot(machine(), _ -> {});

            assertThat(Mounts.list(running.monitor().pid()))
                    .noneMatch(mount -> mount.target().startsWith(other));
        } finally {
            Mounts.unmount(other);
        }
    }

    @Test
    void mounts_of_the_zone_are_not_seen_by_the_host() {
        zones.boot(machine(), _ -> {});

        assertThat(Mounts.list().stream().filter(mount -> mount.target().startsWith(work)))
                .hasSize(1);
        assertThat(Command.of("ls", work.resolve("run/zones/" + zone + "/root").toString())
                        .check(SOON))
                .isEmpty();
    }
}
