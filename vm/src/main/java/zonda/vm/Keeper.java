package zonda.vm;

import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Looks after what runs, once a minute: protection and links that somebody else took away come back, and a zone whose
 * monitor was killed, so that nothing told of its end, is noticed. One platform thread.
 */
public final class Keeper implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Keeper.class.getName());
    private static final long SECONDS = 60;

    private final Vms vms;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("keeper").factory());

    private Keeper(Vms vms) {
        this.vms = vms;
    }

    public static Keeper start(Vms vms) {
        var keeper = new Keeper(vms);
        keeper.clock.scheduleWithFixedDelay(keeper::look, SECONDS, SECONDS, TimeUnit.SECONDS);
        return keeper;
    }

    private void look() {
        try {
            Set<UUID> running = vms.records().stream()
                    .map(VmRecord::uuid)
                    .filter(uuid -> vms.running(uuid).isPresent())
                    .collect(Collectors.toSet());
            running.stream().filter(uuid -> !vms.host().zones().isRunning(uuid)).forEach(vms::ended);
            for (UUID degraded : vms.host().networks().reconcile(running)) {
                LOG.log(System.Logger.Level.WARNING, "VM " + degraded + " lost a NIC; attaching its NICs again");
                vms.replug(degraded);
            }
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "looking after what runs: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
