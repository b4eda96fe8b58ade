package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.base.Json;
import zonda.base.StateFile;
import zonda.kernel.LinuxProcess;
import zonda.kernel.Signals;

/** kill -9 of the daemon is an ordinary event: zones run on, and the next daemon knows them and what became of them. */
class KillIT {
    private static final int ROUNDS = System.getenv("ZONDA_SLOW_TESTS") == null ? 4 : 10;

    @RegisterExtension
    static final Instance zonda = new Instance();

    private static final Duration SOON = Duration.ofSeconds(30);

    @BeforeEach
    void start_from_nothing() {
        if (!zonda.daemon().isAlive()) {
            zonda.start(Map.of());
        }
        zonda.deleteAll();
    }

    @Test
    void a_zone_runs_on_and_is_taken_over_with_its_console_its_network_and_its_number() {
        UUID vm = zonda.create(Instance.withNics(zonda.payload("web01"), Instance.nic("dhcp")));
        Json.Obj before = zonda.get(vm);
        LinuxProcess init =
                LinuxProcess.find(before.integer("pid").orElseThrow()).orElseThrow();

        zonda.kill9();
        assertThat(init.isAlive()).isTrue();
        zonda.start(Map.of());

        assertThat(init.isAlive()).isTrue();
        Json.Obj after = zonda.get(vm);
        for (String property : List.of("pid", "zoneid", "boot_timestamp", "state", "nics")) {
            assertThat(after.get(property)).as(property).isEqualTo(before.get(property));
        }
        assertThat(zonda.sh(vm, "ip -4 addr show dev net0 | grep -c inet")).isEqualTo("1");
        try (Call console = zonda.onTerminal("vmadm", "console", vm.toString())) {
            console.type("\r");
            console.awaitOut("login:", SOON);
            console.type("\u001d");
            assertThat(console.ran(SOON).status()).isZero();
        }
        assertThat(zonda.vmadm("stop", vm.toString()).status()).isZero();
        assertThat(init.isAlive()).isFalse();
        assertThat(zonda.get(vm).integer("exit_status")).isPresent();
    }

    @Test
    void what_ended_while_no_daemon_was_there_is_noticed_with_its_exit_status() {
        UUID plain = zonda.create(zonda.payload("plain").with("restart_init", false));
        UUID restarted = zonda.create(zonda.payload("restarted"));
        UUID off = zonda.create(zonda.payload("off"));
        long first = zonda.init(restarted);
        long last = zonda.init(off);

        Call poweroff = zonda.call("zlogin", off.toString(), "(sleep 1; poweroff -f) >/dev/null 2>&1 </dev/null &");
        poweroff.endInput();
        assertThat(poweroff.ran(SOON).status()).isZero();
        long pid = zonda.init(plain);
        zonda.kill9();
        for (long init : new long[] {pid, first}) {
            LinuxProcess.find(init).orElseThrow().signal(Signals.SIGKILL);
        }
        assertThat(Await.until(SOON, () -> LinuxProcess.find(last).isEmpty())).isTrue();
        zonda.start(Map.of());

        assertThat(Await.until(SOON, () -> zonda.state(plain).equals("stopped")))
                .isTrue();
        assertThat(zonda.get(plain).integer("exit_status")).contains(-9L);
        assertThat(zonda.get(plain).string("exit_timestamp")).isPresent();
        assertThat(Await.until(SOON, () -> zonda.state(off).equals("stopped"))).isTrue();
        assertThat(zonda.get(off).integer("exit_status")).contains(-2L);
        assertThat(Await.until(
                        SOON,
                        () -> zonda.get(restarted)
                                .integer("pid")
                                .filter(now -> now != first)
                                .isPresent()))
                .isTrue();
        assertThat(zonda.get(restarted).integer("exit_status")).contains(-9L);
        assertThat(zonda.sh(restarted, "echo up")).isEqualTo("up");
    }

    @Test
    void the_first_daemon_in_a_life_of_the_host_starts_the_vms_that_are_to_start_and_no_later_one() {
        UUID wanted = zonda.create(zonda.payload("wanted"));
        UUID unwanted = zonda.create(zonda.payload("unwanted"));
        for (UUID vm : List.of(wanted, unwanted)) {
            assertThat(zonda.vmadm("stop", "-F", vm.toString()).status()).isZero();
        }
        assertThat(zonda.vmadm("update", "wanted", "autoboot=true").status()).isZero();

        zonda.restart();
        assertThat(zonda.vmadm("lookup", "state=running").out()).isEmpty();

        zonda.stop();
        StateFile.delete(zonda.root().resolve("run/zonda/autobooted"));
        zonda.start(Map.of());
        assertThat(Await.until(SOON, () -> zonda.state(wanted).equals("running")))
                .isTrue();
        assertThat(zonda.state(unwanted)).isEqualTo("stopped");
    }

    @Test
    void a_client_hears_when_the_daemon_goes_away_and_the_operation_is_settled() {
        UUID vm = zonda.create(zonda.payload());
        try (Call call = zonda.call("zlogin", vm.toString(), "sleep 60")) {
            assertThat(Await.until(SOON, () -> zonda.present().of(vm).stream().anyMatch(line -> line.contains("exec"))))
                    .isTrue();
            zonda.kill9();
            assertThat(call.ran(SOON).isLost()).isTrue();
        }
        zonda.start(Map.of());
        assertThat(zonda.sh(vm, "echo up")).isEqualTo("up");
    }

    /** Creates, stops and deletes by several clients, while the daemon is killed at random moments. */
    @Test
    void nothing_is_left_of_anything_after_random_kills() throws Exception {
        zonda.delete(zonda.create(zonda.payload().with("autoboot", false)));
        PoolContent empty = PoolContent.of(zonda);
        long seed = Long.getLong("zonda.seed", System.nanoTime());
        System.out.println("random kills, seed " + seed + " (replay with -Dzonda.seed=" + seed + ")");
        var random = new Random(seed);

        for (int round = 0; round < ROUNDS; round++) {
            round(random);
        }

        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).as("seed " + seed).isEmpty();
        assertThat(empty.surplus(zonda)).as("seed " + seed).isEmpty();
    }

    private static void round(Random random) throws InterruptedException, ExecutionException {
        long pause = 50 + random.nextInt(1200);
        List<Long> seeds = List.of(random.nextLong(), random.nextLong(), random.nextLong());
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (long seed : seeds) {
                running.add(clients.submit(() -> useUntilKilled(new Random(seed))));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(pause));
            zonda.kill9();
            for (Future<?> client : running) {
                client.get();
            }
        }
        zonda.start(Map.of());
        // Whatever is listed is whole: it can be looked at, and comes to rest.
        for (String line : zonda.vmadm("lookup").out().lines().toList()) {
            UUID vm = UUID.fromString(line);
            assertThat(Await.until(SOON, () -> zonda.state(vm).matches("running|stopped")))
                    .as(() -> zonda.get(vm).compact() + "\n" + zonda.daemon().log())
                    .isTrue();
        }
    }

    private static void useUntilKilled(Random random) {
        try {
            while (true) {
                Json.Obj payload = Instance.withNics(zonda.payload(), Instance.nic("dhcp"));
                Ran made = zonda.feed(payload.compact(), "vmadm", "create");
                Optional<UUID> vm = Instance.created(made);
                if (vm.isEmpty()) {
                    assertThat(made.isLost()).as(made.toString()).isTrue();
                    return;
                }
                String verb = List.of("stop", "reboot", "delete", "delete").get(random.nextInt(4));
                Ran done = zonda.vmadm(verb, vm.get().toString());
                if (done.isLost()) {
                    return;
                }
                assertThat(done.status()).as(done.toString()).isZero();
            }
        } catch (java.io.UncheckedIOException e) {
            // The daemon isn't there.
        }
    }
}
