package zonda.base;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs the operations on one thing one after another, in the order they came, on a virtual thread of its own. */
public final class Lane implements AutoCloseable {
    private final ExecutorService driver;

    public Lane(String name) {
        driver = Executors.newSingleThreadExecutor(
                Thread.ofVirtual().name("lane-" + name).factory());
    }

    /** Waits for its turn, runs the operation, and answers with its result or its own unchecked exception. */
    public <T> T run(Callable<T> operation) {
        Future<T> result = driver.submit(operation);
        try {
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

    /** Waits until what was submitted has run. */
    @Override
    public void close() {
        driver.close();
    }
}
