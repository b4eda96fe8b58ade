package zonda.vm;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import zonda.base.Await;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.zones.InitProgram;
import zonda.zones.ZoneExec;

/**
 * What a VM does at its boots after its first process runs, until it counts as up.
 *
 * <p>SmartOS' contract: the file /var/svc/provisioning is there at the first boot, and the guest's own tools rename it
 * when they are done. An image without such tools gets the same from here: once its init says that the system is up, a
 * script of /native installs what the metadata say and runs the user's script.
 */
final class Provisioning {
    private static final Duration LIMIT = Duration.ofSeconds(300);
    private static final Duration BUSY = Duration.ofMillis(500);
    private static final Duration LOOK = Duration.ofMillis(2);
    private static final int RESTED_LOOKS = 3;
    private static final Duration OUTPUT = Duration.ofSeconds(2);
    private static final Duration SYSTEM_UP = Duration.ofSeconds(120);
    private static final int CONSOLE_LINES = 10;
    private static final System.Logger LOG = System.getLogger(Provisioning.class.getName());
    /** What no limit is. */
    private static final Duration UNLIMITED = Duration.ofDays(365);
    /** mdata:execute's exit status for it. */
    private static final int USER_SCRIPT_FAILED = 95;

    private static final String SCRIPT = "/native/usr/lib/zonda/first-boot";
    private static final List<String> SCRIPTED_KEYS = List.of("root_authorized_keys", "user-script", "user-data");

    private final Host host;
    private final VmStore store;
    private final Machinery machinery;

    Provisioning(Host host, VmStore store, Machinery machinery) {
        this.host = host;
        this.store = store;
        this.machinery = machinery;
    }

    /**
     * Waits until the VM is up, and does for it what its guest can't.
     *
     * @throws OpException FAILED saying why it isn't, with the end of its console
     */
    void complete(UUID uuid) {
        VmRecord vm = store.find(uuid).orElseThrow(() -> gone(uuid));
        if (Docker.is(vm.config())) {
            return;
        }
        boolean first = vm.life() == VmRecord.Life.PROVISIONING;
        if (vm.config().brand().isHvm()) {
            if (!machinery.control().awaitRunning(vm.config())) {
                throw failure(uuid, "its machine does not run");
            }
            machinery.displays().tellPasswordsIfItListens(vm.config());
            if (first) {
                new GuestWord(machinery).await(vm.config());
            }
            return;
        }
        try (GuestRoot guest = GuestRoot.open(machinery.root(vm.config()))) {
            if (guest.hasGuestTools()) {
                if (first) {
                    awaitGuest(uuid, guest);
                }
                return;
            }
            boolean scripted = isScripted(vm.config());
            if (!isSystemd(vm, guest)) {
                awaitSettled(uuid);
            } else if (first) {
                awaitSystem(vm);
            }
            if (scripted) {
                runScript(vm.config());
            } else if (first) {
                guest.provisioned();
            }
            if (first) {
                awaitGuest(uuid, guest);
            }
        }
    }

    private static boolean isScripted(VmConfig vm) {
        Json.Obj customer = vm.metadata("customer_metadata");
        return SCRIPTED_KEYS.stream().anyMatch(customer::has)
                || vm.metadata("internal_metadata").has("operator-script");
    }

    private void awaitGuest(UUID uuid, GuestRoot guest) {
        boolean moved = Await.until(LIMIT, () -> guest.provisioning() != GuestRoot.Provisioning.RUNNING || !isUp(uuid));
        GuestRoot.Provisioning outcome = guest.provisioning();
        if (outcome == GuestRoot.Provisioning.FAILED) {
            throw failure(uuid, "the guest reported that its provisioning failed");
        }
        if (!isUp(uuid)) {
            throw failure(uuid, "the zone ended while it was being provisioned");
        }
        if (!moved) {
            throw failure(uuid, "timed out waiting for /var/svc/provisioning to move for " + uuid);
        }
    }

    private static boolean isSystemd(VmRecord vm, GuestRoot guest) {
        String init = vm.config().properties().string("init_name", "/sbin/init");
        return guest.init(init)
                .filter(machine -> machine.kind() == InitProgram.Kind.SYSTEMD)
                .isPresent();
    }

    /**
     * An init that tells nobody counts as up when it has come to rest, waiting for what it started or for something to
     * happen, or has been busy for a while: a program that can't do its work has ended by then.
     */
    private void awaitSettled(UUID uuid) {
        var looks = new AtomicInteger();
        Await.steadily(
                BUSY,
                LOOK,
                () -> !isUp(uuid)
                        || looks.updateAndGet(before -> host.zones().isAtRest(uuid) ? before + 1 : 0) >= RESTED_LOOKS);
        if (!isUp(uuid)) {
            throw failure(uuid, "the zone ended as soon as it was started");
        }
    }

    /** A system under systemd(1) is up when that says so, well or degraded. */
    private void awaitSystem(VmRecord vm) {
        // Its status is not 0 before its bus is there and when it is degraded, so its word counts.
        boolean up = Await.until(
                SYSTEM_UP,
                () -> !isUp(vm.uuid())
                        || run(vm.uuid(), List.of("systemctl", "is-system-running", "--wait"), SYSTEM_UP)
                                .out()
                                .matches("(?s)(running|degraded)\\s.*"));
        if (!isUp(vm.uuid())) {
            throw failure(vm.uuid(), "the zone ended before its system was up");
        }
        if (!up) {
            throw failure(vm.uuid(), "its system did not come up within " + SYSTEM_UP.toSeconds() + " s");
        }
    }

    /** On a thread of its own: the user's script may take as long as it likes, and the VM is up before it ends. */
    private void runScript(VmConfig vm) {
        UUID uuid = vm.uuid();
        long seconds = vm.properties().integer("mdata_exec_timeout", 0);
        Duration limit = seconds == 0 ? UNLIMITED : Duration.ofSeconds(seconds);
        Thread.ofVirtual().name("first-boot-" + uuid).start(() -> {
            Ran ran = run(uuid, List.of(SCRIPT), limit);
            if (ran.status() != 0) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "VM " + uuid + ": " + (ran.status() == USER_SCRIPT_FAILED ? "user-script failed" : "first boot")
                                + ", exit " + ran.status() + " " + ran.out().strip());
            }
        });
    }

    private record Ran(int status, String out) {}

    private Ran run(UUID uuid, List<String> argv, Duration limit) {
        var program = new ZoneExec.Program(
                argv,
                ZoneExec.User.ROOT,
                "/",
                Map.of("PATH", "/usr/sbin:/usr/bin:/sbin:/bin:/native/usr/sbin", "HOME", "/root"));
        ZoneExec exec = host.zones().exec();
        Process process = exec.start(uuid, program);
        CompletableFuture<String> out = readLater(process.getInputStream());
        CompletableFuture<String> err = readLater(process.getErrorStream());
        try {
            process.getOutputStream().close();
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                exec.hangUp(process);
                return new Ran(124, "no end after " + limit.toSeconds() + " s");
            }
            // What it leaves running may keep its output open.
            String said = CompletableFuture.allOf(out, err)
                    .orTimeout(OUTPUT.toMillis(), TimeUnit.MILLISECONDS)
                    .handle((_, _) -> out.getNow("") + err.getNow(""))
                    .join();
            return new Ran(process.exitValue(), said);
        } catch (IOException e) {
            return new Ran(1, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Ran(1, "interrupted");
        }
    }

    private static CompletableFuture<String> readLater(InputStream stream) {
        var text = new CompletableFuture<String>();
        Thread.ofVirtual().start(() -> {
            try (stream) {
                text.complete(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                text.complete("");
            }
        });
        return text;
    }

    private boolean isUp(UUID uuid) {
        return machinery.isUp(uuid);
    }

    private OpException failure(UUID uuid, String why) {
        if (store.find(uuid).isEmpty()) {
            return gone(uuid);
        }
        // The monitor writes all that the console said before it leaves the exit status.
        Await.until(OUTPUT, () -> isUp(uuid) || host.zones().exitStatus(uuid).isPresent());
        List<String> console = host.zones().consoleTail(uuid, CONSOLE_LINES);
        String said = console.isEmpty() ? "" : "\nlast lines of its console:\n  " + String.join("\n  ", console);
        return new OpException(Code.FAILED, why + said);
    }

    private static OpException gone(UUID uuid) {
        return new OpException(Code.FAILED, "VM " + uuid + " was deleted while it was being provisioned");
    }
}
