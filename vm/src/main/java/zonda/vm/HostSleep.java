package zonda.vm;

import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * Hardware VMs while the host sleeps: they stand still from before it does until it is awake again, so that none is taken
 * by surprise in the midst of a write. Zones sleep with the host's kernel.
 */
public final class HostSleep {
    private final List<VmConfig> machines;
    private final HvmControl control;
    private final InstantSource clock;

    /** @param machines all that run */
    HostSleep(List<VmConfig> machines, HvmControl control, InstantSource clock) {
        this.machines = List.copyOf(machines);
        this.control = control;
        this.clock = clock;
    }

    /** Has all machines stand still. @throws OpException FAILED, naming those that could not be told; the others do */
    public void begin() {
        each(control::pause);
    }

    /**
     * All machines that stand still go on, with the host's time where an agent runs to set it.
     *
     * @throws OpException FAILED, naming those that could not be told; the others go on
     */
    public void end() {
        each(vm -> control.wake(vm, clock.instant()));
    }

    /** At once: a machine that does not answer must not keep the others from it. */
    private void each(Consumer<VmConfig> work) {
        var problems = new ConcurrentLinkedQueue<String>();
        List<Thread> threads = machines.stream()
                .map(vm -> Thread.ofVirtual().name("host-sleep-" + vm.uuid()).start(() -> {
                    try {
                        work.accept(vm);
                    } catch (OpException e) {
                        problems.add("VM " + vm.uuid() + ": " + e.getMessage());
                    }
                }))
                .toList();
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OpException(Code.FAILED, "interrupted", e);
        }
        if (!problems.isEmpty()) {
            throw new OpException(Code.FAILED, String.join("\n", problems));
        }
    }
}
