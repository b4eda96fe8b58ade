package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;
import zonda.base.Json;
import zonda.kernel.LinuxProcess;
import zonda.kernel.Signals;

/** VMs with docker=true, of an OCI image. */
class DockerIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @RegisterExtension
    @Order(1)
    static final Instance zonda = new Instance();

    @TempDir
    static Path directory;

    private static UUID image;

    @BeforeAll
    static void import_an_image() throws IOException {
        Json.Obj config = Json.object()
                .with("Entrypoint", Json.Arr.ofStrings(List.of("/bin/sh", "-c")))
                .with("Cmd", Json.Arr.ofStrings(List.of("echo I am $(id -un) in $(pwd), A=$A; exec sleep 1000")))
                .with("Env", Json.Arr.ofStrings(List.of("A=of the image", "PATH=/bin")))
                .with("WorkingDir", "/srv/app")
                .with("User", "web");
        Path layout = OciLayout.make(directory.resolve("layout"), config);
        Ran ran = zonda.imgadm("import", "-q", "oci:" + layout);
        assertThat(ran.status()).as(ran.toString()).isZero();
        image = UUID.fromString(zonda.imgadm("list", "-H", "--docker", "-o", "uuid", "type=docker")
                .out()
                .strip());
    }

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    private static Json.Obj container(Json.Obj docker) {
        return zonda.payload()
                .with("image_uuid", image.toString())
                .with("docker", true)
                .with("internal_metadata", docker);
    }

    private static Json.Obj running(String script) {
        return Json.object()
                .with("docker:entrypoint", "[\"/bin/sh\",\"-c\"]")
                .with("docker:cmd", new Json.Arr(List.of(Json.of(script))).compact());
    }

    private static void awaitState(UUID vm, String state) {
        assertThat(Await.until(LIMIT, () -> zonda.state(vm).equals(state)))
                .as(() -> state + ": " + zonda.get(vm).compact())
                .isTrue();
    }

    private static String logged(UUID vm, String text) {
        Await.until(LIMIT, () -> zonda.vmadm("logs", vm.toString()).out().contains(text));
        return zonda.vmadm("logs", vm.toString()).out();
    }

    private static void awaitOther(UUID vm, long first) {
        assertThat(Await.until(
                        LIMIT,
                        () -> zonda.get(vm)
                                .integer("pid")
                                .filter(pid -> pid != first)
                                .isPresent()))
                .as(() -> zonda.get(vm).compact())
                .isTrue();
    }

    private static boolean killed(long pid) {
        return LinuxProcess.find(pid)
                .filter(init -> init.signal(Signals.SIGKILL))
                .isPresent();
    }

    @Test
    void a_container_runs_what_its_image_says_as_the_user_and_where_that_says() {
        UUID vm = zonda.create(container(Json.object()).with("alias", "c1").with("resolvers", "8.8.8.8"));

        assertThat(zonda.state(vm)).isEqualTo("running");
        assertThat(logged(vm, "\n")).isEqualTo("I am web in /srv/app, A=of the image\n");
        Json.Obj shown = zonda.get(vm);
        assertThat(shown.bool("docker", false)).isTrue();
        assertThat(shown.bool("restart_init", true)).isFalse();
        assertThat(shown.string("init_name", "")).isEqualTo("/usr/vm/sbin/dockerinit");
        assertThat(shown.string("zlog_mode", "")).isEqualTo("g--");
        assertThat(shown.array("internal_metadata_namespaces").strings()).containsExactly("docker");
        assertThat(shown.object("internal_metadata").string("docker:id", ""))
                .isEqualTo(vm.toString().replace("-", "").repeat(2));
        assertThat(zonda.sh(vm, "id; readlink /etc/resolv.conf; cat /etc/hosts /etc/hostname /etc/resolv.conf"))
                .isEqualTo("uid=0(root) gid=0(root)\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost"
                        + " ip6-loopback\n127.0.1.1\tc1.local c1\nc1\nsearch local\nnameserver 8.8.8.8");
        assertThat(zonda.vmadm("update", vm.toString(), "hostname=other").status())
                .isZero();
        assertThat(zonda.sh(vm, "cat /etc/hostname")).isEqualTo("other");
        assertThat(zonda.vmadm("list", "-H", "-o", "docker").out()).isEqualTo("true\n");

        assertThat(zonda.vmadm("stop", "-t", "1", vm.toString()).status()).isZero();
        assertThat(zonda.get(vm).integer("exit_status", -1))
                .as("ended by SIGTERM, or by SIGKILL if its shell takes no notice")
                .isIn(-15L, -9L);
        assertThat(zonda.get(vm).bool("autoboot", false))
                .as("without a restart policy stop leaves it as it is")
                .isTrue();
    }

    @Test
    void metadata_say_otherwise_what_is_run_and_how() {
        Json.Obj docker = running("id -u; id -g; id -G; pwd; echo $A $B $HOME; cat /etc/hosts; cat /etc/resolv.conf;"
                        + " echo oops >&2; exit 3")
                .with("docker:user", "1000:logs")
                .with("docker:workdir", "/made")
                .with("docker:env", "[\"A=own\",\"B=b c\"]")
                .with("docker:linkEnv", "[\"A=linked\"]")
                .with("docker:extraHosts", "[\"db:10.0.0.7\"]")
                .with("docker:dnssearch", "[\"a.lan\",\"b.lan\"]")
                .with("docker:linkHosts", "10.0.0.8\tcache\n");

        UUID vm = zonda.create(container(docker).with("hostname", "web01"));

        awaitState(vm, "stopped");
        Json.Obj shown = zonda.get(vm);
        assertThat(shown.integer("exit_status", -1)).isEqualTo(3);
        assertThat(shown.string("exit_timestamp")).isPresent();
        assertThat(zonda.vmadm("list", "-H", "-o", "exit_status").out()).isEqualTo("3\n");
        Ran logs = zonda.vmadm("logs", vm.toString());
        assertThat(logs.out())
                .isEqualTo("1000\n4\n4\n/made\nown b c /home/web\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost"
                        + " ip6-loopback\n127.0.1.1\tweb01.local web01\n10.0.0.8\tcache\n10.0.0.7\tdb\n"
                        + "search a.lan b.lan\n");
        assertThat(logs.err()).isEqualTo("oops\n");
        Json.Obj last = Json.parseObject(
                zonda.vmadm("logs", "-j", "-n", "1", vm.toString()).out());
        assertThat(last.string("stream", "")).isEqualTo("stderr");
        assertThat(last.string("log", "")).isEqualTo("oops\n");
        assertThat(java.time.Instant.parse(last.string("time", ""))).isBefore(java.time.Instant.now());

        assertThat(zonda.vmadm("start", vm.toString()).status()).isZero();
        awaitState(vm, "stopped");
        assertThat(zonda.vmadm("logs", vm.toString()).err())
                .as("what it said before is kept")
                .isEqualTo("oops\noops\n");
    }

    @Test
    void what_can_not_be_started_ends_at_once_and_a_bad_user_makes_no_vm() {
        UUID vm = zonda.create(container(Json.object().with("docker:entrypoint", "[\"/bin/nothing\"]")));
        awaitState(vm, "stopped");
        assertThat(zonda.get(vm).integer("exit_status", -1)).isNotZero();
        Ran said = zonda.vmadm("logs", vm.toString());
        assertThat(said.out() + said.err()).contains("No such file");

        Ran ran = zonda.feed(
                container(running("true").with("docker:user", "nobody9")).compact(), "vmadm", "create");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).contains("user \"nobody9\"", "docker:user");
        assertThat(zonda.vmadm("lookup").out().strip()).isEqualTo(vm.toString());
    }

    @Test
    void what_is_wrong_with_the_metadata_is_said_by_name() {
        Json.Obj docker = Json.object()
                .with("docker:cmd", "sleep 5")
                .with("docker:tty", "maybe")
                .with("docker:restartpolicy", "sometimes")
                .with("docker:workdir", "srv")
                .with("docker:logdriver", "syslog")
                .with("docker:nfsvolumes", "[{\"mountpoint\":\"/x\"}]");
        Ran ran = zonda.feed(container(docker).compact(), "vmadm", "create");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err())
                .contains(
                        "internal_metadata.docker:cmd: want a JSON array of strings",
                        "internal_metadata.docker:logdriver: ",
                        "internal_metadata.docker:nfsvolumes: ",
                        "internal_metadata.docker:tty: ",
                        "internal_metadata.docker:workdir: ",
                        "there are no, always, on-failure and on-failure:COUNT");
        assertThat(zonda.vmadm("lookup").out()).isEmpty();
    }

    @Test
    void on_failure_starts_it_again_as_often_as_allowed_and_success_ends_it() {
        Json.Obj failing = running("echo run; exit 7").with("docker:restartpolicy", "on-failure:2");
        UUID vm = zonda.create(container(failing));
        assertThat(Await.until(
                        LIMIT,
                        () -> zonda.get(vm).object("internal_metadata").integer("docker:restartcount", 0) == 2
                                && zonda.vmadm("logs", vm.toString()).out().equals("run\nrun\nrun\n")))
                .as(() -> zonda.get(vm).compact())
                .isTrue();
        awaitState(vm, "stopped");
        assertThat(zonda.get(vm).object("internal_metadata").integer("docker:restartdelay", 0))
                .isEqualTo(200);
        assertThat(zonda.get(vm).integer("exit_status", -1)).isEqualTo(7);

        UUID well = zonda.create(container(running("echo once").with("docker:restartpolicy", "on-failure")));
        awaitState(well, "stopped");
        assertThat(zonda.get(well).object("internal_metadata").has("docker:restartcount"))
                .isFalse();
        assertThat(zonda.get(well).integer("exit_status", -1)).isZero();
    }

    @Test
    void always_starts_it_again_until_it_is_stopped_whatever_becomes_of_the_daemon() {
        Json.Obj once = running("echo run; [ -e /again ] && exec sleep 1000; echo > /again")
                .with("docker:user", "root")
                .with("docker:restartpolicy", "always");
        UUID vm = zonda.create(container(once));
        logged(vm, "run\nrun\n");
        awaitState(vm, "running");
        long first = zonda.init(vm);

        // It ends while no daemon is there to see it.
        zonda.kill9();
        assertThat(killed(first)).isTrue();
        zonda.start(java.util.Map.of());
        awaitOther(vm, first);

        assertThat(zonda.vmadm("stop", "-F", vm.toString()).status()).isZero();
        assertThat(zonda.get(vm).bool("autoboot", true)).isFalse();
        zonda.restart();
        assertThat(zonda.state(vm)).isEqualTo("stopped");
    }

    @Test
    void a_restart_that_the_daemon_dies_before_is_done_by_the_next() {
        UUID vm = zonda.create(container(running("exec sleep 1000").with("docker:restartpolicy", "always")));
        long first = zonda.init(vm);
        zonda.restartToCrashAfter("vm-restart:intent");
        assertThat(killed(first)).isTrue();
        assertThat(zonda.daemon().end()).as("ended by the crash").isNotZero();

        zonda.start(java.util.Map.of());
        awaitOther(vm, first);
    }

    @Test
    void a_container_with_a_terminal_or_open_input_is_typed_to() {
        UUID terminal = zonda.create(container(running("exec /bin/sh").with("docker:tty", true)));
        assertThat(zonda.get(terminal).string("zlog_mode", "")).isEqualTo("gt-");
        try (Call console = zonda.call("vmadm", "console", terminal.toString())) {
            console.type("echo it is $((40 + 2))\n");
            console.awaitOut("it is 42", LIMIT);
        }

        UUID piped = zonda.create(
                container(running("while read l; do echo got $l; done").with("docker:open_stdin", true)));
        try (Call console = zonda.call("vmadm", "console", piped.toString())) {
            console.type("hello\n");
            console.awaitOut("got hello", LIMIT);
        }
        assertThat(zonda.state(piped)).isEqualTo("running");
        assertThat(zonda.vmadm("kill", piped.toString()).err())
                .isEqualTo("Sent signal \"SIGTERM\" to init process for VM " + piped + "\n");

        UUID silent = zonda.create(container(running("echo unheard").with("docker:logdriver", "none")));
        awaitState(silent, "stopped");
        assertThat(zonda.get(silent).string("zlog_mode", "")).isEqualTo("---");
        assertThat(zonda.vmadm("logs", silent.toString()).out()).isEmpty();
    }

    @Test
    void a_vm_becomes_a_container_and_a_machine_again() {
        UUID vm = zonda.create(zonda.payload("vm1"));
        assertThat(zonda.feed(
                                Json.object()
                                        .with("docker", true)
                                        .with("set_internal_metadata", running("echo as a container"))
                                        .compact(),
                                "vmadm",
                                "update",
                                vm.toString())
                        .status())
                .isZero();
        assertThat(zonda.get(vm).string("init_name", "")).isEqualTo("/usr/vm/sbin/dockerinit");
        zonda.vmadm("reboot", vm.toString(), "-F");
        awaitState(vm, "stopped");
        assertThat(zonda.vmadm("logs", "-n", "1", vm.toString()).out()).isEqualTo("as a container\n");

        assertThat(zonda.vmadm("update", vm.toString(), "docker=false").status())
                .isZero();
        assertThat(zonda.get(vm).has("init_name")).isFalse();
        assertThat(zonda.vmadm("start", vm.toString()).status()).isZero();
        assertThat(zonda.sh(vm, "readlink /proc/1/exe")).isEqualTo("/bin/busybox");
    }
}
