package zonda.vm;

import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Await;
import zonda.base.Together;
import zonda.kernel.Signals;
import zonda.zones.ExitStatus;

/** How VMs end: because they are asked to, by themselves, and with the host. */
final class Endings {
    static final Duration STOP_LIMIT = Duration.ofSeconds(60);

    private static final System.Logger LOG = System.getLogger(Endings.class.getName());
    private static final Duration EXIT_FILE_LIMIT = Duration.ofSeconds(5);

    private final Vms vms;
    private final Host host;
    private final VmStore store;
    private final Machinery machinery;
    private final Restarts restarts = new Restarts();

    Endings(Vms vms, Host host, VmStore store, Machinery machinery) {
        this.vms = vms;
        this.host = host;
        this.store = store;
        this.machinery = machinery;
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
            vms.lane(vm.uuid()).run(() -> {
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
                .start(() -> vms.lane(uuid).run(() -> {
                    Optional<VmRecord> vm = store.find(uuid);
                    boolean known = vm.isPresent() && machinery.running(uuid).isPresent();
                    if (known && !host.zones().isRunning(uuid)) {
                        afterExit(vm.get());
                    }
                    return uuid;
                }));
    }

    private void afterExit(VmRecord vm) {
        UUID uuid = vm.uuid();
        Optional<ExitStatus> exit = host.zones().exitStatus(uuid);
        recordExit(uuid);
        machinery.halt(uuid);
        boolean rebooted = exit.filter(ExitStatus::isReboot).isPresent();
        boolean halted = exit.filter(ExitStatus::isHalt).isPresent();
        boolean restart = vm.life() == VmRecord.Life.INSTALLED
                && (rebooted || (!halted && vm.config().restartInit()));
        if (restart) {
            Duration delay =
                    rebooted ? Duration.ZERO : restarts.delay(uuid, host.clock().instant());
            Thread.ofVirtual().name("restart-" + uuid).start(() -> restart(uuid, delay));
        }
    }

    /** Forgets how often the VM, which is gone, was restarted. */
    void forget(UUID uuid) {
        restarts.forget(uuid);
    }

    private void restart(UUID uuid, Duration delay) {
        try {
            Thread.sleep(delay);
            if (store.find(uuid).filter(vm -> vm.config().autoboot()).isPresent()) {
                vms.lane(uuid).run(() -> {
                    if (machinery.running(uuid).isEmpty()) {
                        store.find(uuid).ifPresent(machinery::boot);
                    }
                    return uuid;
                });
                vms.boots().completeLater(uuid);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "restart VM " + uuid + ": " + e.getMessage());
        }
    }
}
