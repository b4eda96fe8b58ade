package zonda.kernel;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs calls that block, or that change the thread they run on, on platform threads: a blocking downcall on a virtual
 * thread would hold its carrier, of which there are as few as processors.
 */
public final class Blocking {
    private static final ExecutorService POOL = Executors.newCachedThreadPool(
            Thread.ofPlatform().daemon().name("blocking-", 0).factory());

    private Blocking() {}

    /** Runs the call on a pooled platform thread and waits for its result. */
    public static <T> T call(Callable<T> work) {
        return await(POOL.submit(work));
    }

    /**
     * As {@link #call(Callable)}; when the call takes too long, or the caller is interrupted, what ends it is done.
     *
     * @param end makes the call return soon
     * @return empty when it had to be ended
     */
    static <T> Optional<T> call(Callable<T> work, Duration limit, Runnable end) {
        Future<T> result = POOL.submit(work);
        try {
            result.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            end.run();
            await(result);
            return Optional.empty();
        } catch (InterruptedException e) {
            end.run();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in a kernel call", e);
        } catch (ExecutionException e) {
            // Said by the next line.
        }
        return Optional.of(await(result));
    }

    /**
     * Runs the call on a thread of its own that ends with it: for calls that move the thread into other namespaces
     * (setns(2), unshare(2)), which no other work may then run in.
     */
    public static <T> T onOwnThread(String name, Callable<T> work) {
        try (ExecutorService own = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name(name).factory())) {
            return await(own.submit(work));
        }
    }

    private static <T> T await(Future<T> result) {
        try {
            return result.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in a kernel call", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case Throwable cause -> throw new IllegalStateException(cause);
                case null -> throw new AssertionError(e);
            }
        }
    }
}
