package zonda.vm;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Await;
import zonda.base.Json;
import zonda.base.Saga;
import zonda.base.Together;
import zonda.kernel.Signals;
import zonda.zones.ExitStatus;

/** How VMs end: because they are asked to, by themselves, and with the host. */
final class Endings {
    static final String RESTART = "vm-restart";

    private static final Duration STOP_LIMIT = Duration.ofSeconds(60);
    private static final Duration MACHINE_STOP_LIMIT = Duration.ofSeconds(180);
    private static final Duration CONTAINER_STOP_LIMIT = Duration.ofSeconds(10);

    private static final System.Logger LOG = System.getLogger(Endings.class.getName());
    private static final Duration EXIT_FILE_LIMIT = Duration.ofSeconds(5);

    private final Vms vms;
    private final Host host;
    private final VmStore store;
    private final Machinery machinery;
    private final Stopping stopping;
    private final Restarts restarts = new Restarts();

    Endings(Vms vms, Host host, VmStore store, Machinery machinery, Stopping stopping) {
        this.vms = vms;
        this.host = host;
        this.store = store;
        this.machinery = machinery;
        this.stopping = stopping;
    }

    /** How long a VM may take to shut down before it is ended. */
    static Duration limit(VmRecord vm) {
        if (vm.config().brand().isHvm()) {
            return MACHINE_STOP_LIMIT;
        }
        return Docker.is(vm.config()) ? CONTAINER_STOP_LIMIT : STOP_LIMIT;
    }

    /** Asks the VM to shut down unless it is forced to, ends it when it takes too long, and keeps how it ended. */
    void shutDown(VmRecord vm, boolean force, Duration limit) {
        UUID uuid = vm.uuid();
        boolean down = !force && machinery.shutDown(vm, limit);
        if (!down) {
            host.zones().signal(uuid, Signals.SIGKILL);
            host.zones().awaitEnd(uuid, STOP_LIMIT);
        }
        recordExit(uuid);
    }

    private void recordExit(UUID uuid) {
        Await.until(EXIT_FILE_LIMIT, () -> host.zones().exitStatus(uuid).isPresent());
        host.zones().exitStatus(uuid).ifPresent(exit -> store.change(uuid, vm -> vm.with(exit)));
    }

    /**
     * Shuts down all VMs that run, together, as the host itself is going down: what they are to do at its next boot stays
     * as it is.
     *
     * @param limit after which each is ended
     */
    void withTheHost(Duration limit) {
        try (var together = new Together()) {
            store.all().stream()
                    .filter(vm -> machinery.running(vm.uuid()).isPresent())
                    .forEach(vm -> together.begin(() -> withTheHost(vm, limit)));
        }
    }

    private void withTheHost(VmRecord vm, Duration limit) {
        try {
            vms.lane(vm.uuid()).run("stop with the host", () -> {
                shutDown(vm, false, limit);
                machinery.halt(vm.uuid());
                return vm;
            });
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "shut down VM " + vm.uuid() + ": " + e.getMessage());
        }
    }

    /** A zone's first process has ended: restart it or leave it, as its properties and its exit say. */
    void ended(UUID uuid) {
        Thread.ofVirtual()
                .name("ended-" + uuid)
                .start(() -> vms.lane(uuid).run("restart", () -> {
                    Optional<VmRecord> vm = store.find(uuid);
                    boolean known = vm.isPresent() && machinery.running(uuid).isPresent();
                    if (known && !host.zones().isRunning(uuid)) {
                        // Whoever listens hears of its end now, and again when all that it had is taken apart.
                        try (var _ = stopping.begin(uuid)) {
                            afterExit(vm.get());
                        }
                    }
                    return uuid;
                }));
    }

    private void afterExit(VmRecord vm) {
        UUID uuid = vm.uuid();
        recordExit(uuid);
        Optional<Duration> delay = restart(vm);
        // Whatever becomes of this daemon before the delay is over, the next one knows that it has to go on.
        Optional<Saga> saga =
                delay.map(_ -> host.journal().begin(RESTART, Json.object().with("uuid", uuid.toString())));
        machinery.halt(uuid);
        saga.ifPresent(begun -> restartLater(begun, uuid, delay.orElseThrow()));
    }

    /** After which delay the VM, which has ended, is to be booted again; empty when it stays down. */
    private Optional<Duration> restart(VmRecord vm) {
        Optional<ExitStatus> exit = host.zones().exitStatus(vm.uuid());
        boolean staysDown = vm.life() != VmRecord.Life.INSTALLED
                || !vm.config().autoboot()
                || vm.config().brand().isHvm();
        if (staysDown) {
            return Optional.empty();
        }
        if (Docker.is(vm.config())) {
            return restartContainer(vm, exit);
        }
        boolean rebooted = exit.filter(ExitStatus::isReboot).isPresent();
        boolean halted = exit.filter(ExitStatus::isHalt).isPresent();
        if (rebooted) {
            return Optional.of(Duration.ZERO);
        }
        return !halted && vm.config().restartInit()
                ? Optional.of(restarts.delay(vm.uuid(), host.clock().instant()))
                : Optional.empty();
    }

    private Optional<Duration> restartContainer(VmRecord vm, Optional<ExitStatus> exit) {
        Instant ended = exit.map(ExitStatus::when).orElseGet(host.clock()::instant);
        Duration ran = machinery
                .running(vm.uuid())
                .map(zone -> Duration.between(zone.booted(), ended))
                .orElse(Duration.ZERO);
        Json.Obj internal = vm.config().metadata("internal_metadata");
        Optional<RestartPolicy.Next> next = Docker.restartPolicy(vm.config()).after(exit, ran, internal);
        next.ifPresent(restart -> store.change(
                vm.uuid(),
                record -> record.with(record.config()
                        .with("internal_metadata", restart.into(record.config().metadata("internal_metadata"))))));
        return next.map(RestartPolicy.Next::delay);
    }

    /** Goes on with a restart that an earlier daemon had begun. */
    void settleRestart(Saga saga) {
        restartLater(saga, UUID.fromString(saga.intent().about().string("uuid", "")), Duration.ZERO);
    }

    private void restartLater(Saga saga, UUID uuid, Duration delay) {
        Thread.ofVirtual().name("restart-" + uuid).start(() -> {
            if (pause(delay)) {
                bootAgain(uuid);
                saga.end();
            }
        });
    }

    /** @return false when the daemon stops: the restart is for the next one then */
    private static boolean pause(Duration delay) {
        try {
            Thread.sleep(delay);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void bootAgain(UUID uuid) {
        try {
            vms.lane(uuid).run("restart", () -> {
                if (machinery.running(uuid).isEmpty()) {
                    store.find(uuid).filter(vm -> vm.config().autoboot()).ifPresent(machinery::boot);
                }
                return uuid;
            });
            if (machinery.running(uuid).isPresent()) {
                vms.boots().completeLater(uuid);
            }
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "restart VM " + uuid + ": " + e.getMessage());
        }
    }

    /** Forgets how often the VM, which is gone, was restarted. */
    void forget(UUID uuid) {
        restarts.forget(uuid);
    }
}
