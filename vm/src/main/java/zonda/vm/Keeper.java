package zonda.vm;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Looks after what runs, again and again: protection and links that somebody else took away come back, a zone whose
 * monitor was killed, so that nothing told of its end, is noticed, and machines whose disks could not be written to try
 * again. One platform thread.
 */
public final class Keeper implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Keeper.class.getName());

    private final Vms vms;
    private final HaltedWrites writes;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("keeper").factory());

    private Keeper(Vms vms) {
        this.vms = vms;
        this.writes = new HaltedWrites(vms.machinery().control());
    }

    /** @param every how long after a look the next one is due */
    public static Keeper start(Vms vms, Duration every) {
        var keeper = new Keeper(vms);
        keeper.clock.scheduleWithFixedDelay(keeper::look, every.toMillis(), every.toMillis(), TimeUnit.MILLISECONDS);
        return keeper;
    }

    private void look() {
        try {
            vms.records().stream()
                    .map(VmRecord::uuid)
                    .filter(uuid -> vms.running(uuid).isPresent())
                    .filter(uuid -> !vms.host().zones().isRunning(uuid))
                    .forEach(vms::ended);
            for (UUID degraded : vms.host().networks().reconcile(vms::isUpOrBooting)) {
                LOG.log(System.Logger.Level.WARNING, "VM " + degraded + " lost a NIC; attaching its NICs again");
                vms.replug(degraded);
            }
            writes.retry(vms.machines().all());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "looking after what runs: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
