package zonda.dtrace;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import zonda.dtrace.code.Maps;
import zonda.dtrace.code.Options;
import zonda.dtrace.output.Consumer;
import zonda.dtrace.provider.Probe;

/** The life of a session whose programs are loaded: BEGIN, consuming until something ends it, END, what remains. */
final class Tracing {
    /** How often it looks whether a program has called exit(). */
    private static final long GLANCE = TimeUnit.MILLISECONDS.toNanos(20);

    /** What -x droptags puts in front. */
    private static final Map<Integer, String> TAGS = Map.of(
            Maps.DROPS,
            "DTRACEDROP_PRINCIPAL",
            Maps.AGGREGATION_DROPS,
            "DTRACEDROP_AGGREGATION",
            Maps.DYNAMIC_DROPS,
            "DTRACEDROP_DYNAMIC",
            Maps.SPECULATIVE_DROPS,
            "DTRACEDROP_SPEC",
            Maps.SPECULATIONS_UNAVAILABLE,
            "DTRACEDROP_SPECUNAVAIL",
            Maps.ERROR_ERRORS,
            "DTRACEDROP_DBLERROR");

    private final Kernel kernel;
    private final Consumer consumer;
    private final Options options;
    private final Consumer.Outlet outlet;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final long[][] reported = new long[8][];
    private final Supplier<Map<Long, String>> zones;
    private final BufferPolicy policy;
    private final Backlog backlog;
    private boolean interrupted;
    private boolean ending;

    Tracing(
            Kernel kernel,
            Consumer consumer,
            Options options,
            Consumer.Outlet outlet,
            Supplier<Map<Long, String>> zones) {
        this.zones = zones;
        this.kernel = kernel;
        this.consumer = consumer;
        this.options = options;
        this.policy = new BufferPolicy(options);
        List<Backlog.Buffer> buffers =
                kernel.rings().stream().map(Backlog.Buffer::of).toList();
        // The clock of records is CLOCK_MONOTONIC, and so is this one.
        this.backlog = new Backlog(buffers, options.number("bufsize"), System::nanoTime);
        this.outlet = outlet;
    }

    /** Ends the session soon, as Ctrl-C does. From any thread. */
    void interrupt() {
        lock.lock();
        try {
            interrupted = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Traces until exit(), an interrupt, or the end of what it waits for.
     *
     * @param begun done when BEGIN has fired, such as letting programs go
     * @param over whether the programs that were traced have ended
     */
    void run(Runnable begun, BooleanSupplier over) {
        kernel.activity(Maps.Activity.BEGINNING);
        kernel.run(Probe.Source.Begin.class);
        if (kernel.activity() == Maps.Activity.BEGINNING) {
            kernel.activity(Maps.Activity.ACTIVE);
        }
        begun.run();
        long switchRate = options.number("switchrate");
        long last = System.nanoTime();
        boolean ended = false;
        while (!ended) {
            ended = kernel.activity() == Maps.Activity.DRAINING || pause() || over.getAsBoolean() || isFull();
            long now = System.nanoTime();
            if (!ended && (now - last >= switchRate || backlog.isFilling())) {
                last = now;
                work();
            }
        }
        end();
    }

    private void end() {
        boolean byUser = isInterrupted();
        if (byUser) {
            outlet.out("\n");
        }
        kernel.activity(Maps.Activity.DRAINING);
        finish();
        ending = true;
        consume(policy.taken());
        kernel.activity(Maps.Activity.ENDING);
        kernel.run(Probe.Source.End.class);
        kernel.activity(Maps.Activity.IDLE);
        finish();
    }

    private boolean isInterrupted() {
        lock.lock();
        try {
            return interrupted;
        } finally {
            lock.unlock();
        }
    }

    /** @return whether the session was interrupted */
    private boolean pause() {
        lock.lock();
        try {
            if (!interrupted && !backlog.isFilling()) {
                long left = changed.awaitNanos(GLANCE);
                return interrupted && left <= GLANCE;
            }
            return interrupted;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Whether buffers are to be filled, and one is. */
    private boolean isFull() {
        if (!policy.fills()) {
            return false;
        }
        keep();
        return policy.isFull();
    }

    private void keep() {
        do {
            policy.keep(backlog.taken());
        } while (backlog.isCut());
    }

    private void work() {
        if (policy.keeps()) {
            keep();
            drops();
            consume(List.of());
        } else {
            List<byte[]> records = backlog.taken();
            drops();
            consume(records);
        }
        kernel.zones(zones.get());
    }

    /** What there is when programs write no more. */
    private void finish() {
        do {
            List<byte[]> records = backlog.rest();
            drops();
            if (policy.keeps() && !ending) {
                policy.keep(records);
                records = List.of();
            }
            consume(records);
        } while (backlog.isLeft());
        kernel.zones(zones.get());
    }

    private void consume(List<byte[]> records) {
        consumer.consume(records, () -> {
            if (backlog.isFilling()) {
                backlog.fill();
            }
        });
    }

    private void drops() {
        perCpu(Maps.DROPS, "drop");
        perCpu(Maps.AGGREGATION_DROPS, "aggregation drop");
        total(Maps.DYNAMIC_DROPS, "dynamic variable drop", "");
        total(Maps.SPECULATIVE_DROPS, "speculative drop", "");
        total(Maps.SPECULATIONS_UNAVAILABLE, "failed speculation", " (no speculative buffer available)");
        total(Maps.ERROR_ERRORS, "error", " in ERROR probe enabling");
    }

    private void perCpu(int counter, String what) {
        long[] now = kernel.counters(counter);
        long[] before = before(counter, now);
        for (int cpu = 0; cpu < now.length; cpu++) {
            if (now[cpu] > before[cpu]) {
                tell(counter, now[cpu] - before[cpu], what, " on CPU " + cpu);
            }
        }
    }

    private void total(int counter, String what, String behind) {
        long[] now = kernel.counters(counter);
        long[] before = before(counter, now);
        long sum = 0;
        for (int cpu = 0; cpu < now.length; cpu++) {
            sum += now[cpu] - before[cpu];
        }
        if (sum > 0) {
            tell(counter, sum, what, behind);
        }
    }

    private void tell(int counter, long number, String what, String behind) {
        String tag = options.is("droptags") ? "[" + TAGS.getOrDefault(counter, "") + "] " : "";
        outlet.err("dtrace: " + tag + number + " " + what + (number == 1 ? "" : "s") + behind);
    }

    private long[] before(int counter, long[] now) {
        long[] before = reported[counter / 8];
        reported[counter / 8] = now;
        return before == null ? new long[now.length] : before;
    }
}
