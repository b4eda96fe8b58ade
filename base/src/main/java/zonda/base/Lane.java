package zonda.base;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs the operations on one thing one after another, in the order they came, on a virtual thread of its own. Who waits
 * long for its turn is told for what, and one that went away meanwhile loses it.
 */
public final class Lane implements AutoCloseable {
    /** Who asked for what this thread does, if anyone did. */
    public static final ScopedValue<Caller> CALLER = ScopedValue.newInstance();

    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final String name;
    private final InstantSource clock;
    private final Duration patience;
    private final ExecutorService driver;
    private volatile Optional<Going> going = Optional.empty();

    /** @param name of the thing, in words */
    public Lane(String name, InstantSource clock) {
        this(name, clock, PATIENCE);
    }

    Lane(String name, InstantSource clock, Duration patience) {
        this.name = name;
        this.clock = clock;
        this.patience = patience;
        driver = Executors.newSingleThreadExecutor(
                Thread.ofVirtual().name("lane of " + name).factory());
    }

    /** Someone who may lose patience. */
    public interface Caller {
        /** Hears why it waits. */
        void tell(String words);

        boolean isGone();
    }

    /** An operation that has begun, in the operator's words. */
    public record Going(String what, Instant since) {}

    /** The operation that has begun and not ended. */
    public Optional<Going> going() {
        return going;
    }

    /** Waits for its turn, runs the operation, and answers with its result or its own unchecked exception. */
    public <T> T run(String what, Callable<T> operation) {
        var begun = new CountDownLatch(1);
        var taken = new AtomicBoolean();
        Future<T> result = driver.submit(() -> {
            if (!taken.compareAndSet(false, true)) {
                throw new OpException(Code.FAILED, "given up");
            }
            going = Optional.of(new Going(what, clock.instant()));
            begun.countDown();
            try {
                return operation.call();
            } finally {
                going = Optional.empty();
            }
        });
        try {
            if (CALLER.isBound()) {
                awaitTurn(begun, CALLER.get(), taken);
            }
            return result.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OpException(Code.FAILED, "interrupted while waiting for an operation that goes on", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case Throwable cause -> throw new IllegalStateException(cause);
                case null -> throw new AssertionError(e);
            }
        }
    }

    private void awaitTurn(CountDownLatch begun, Caller caller, AtomicBoolean taken) throws InterruptedException {
        boolean told = false;
        while (!begun.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
            if (caller.isGone() && taken.compareAndSet(false, true)) {
                throw new OpException(Code.FAILED, "the caller went away before it was its turn: nothing was done");
            }
            Optional<Going> before = going;
            if (!told && before.isPresent()) {
                told = true;
                caller.tell(name + " is busy: " + before.get().what() + ", since "
                        + before.get().since().truncatedTo(ChronoUnit.SECONDS) + "; waiting for its end");
            }
        }
    }

    /** Waits until what was submitted has run. */
    @Override
    public void close() {
        driver.close();
    }
}
