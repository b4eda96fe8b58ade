package zonda.base;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Work done beside the caller's own, on virtual threads. Nothing of it goes on after {@link #close}, whichever way the
 * caller leaves: {@code try (var both = new Together()) { both.begin(one); another(); both.await(); }}.
 */
public final class Together implements AutoCloseable {
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Future<?>> begun = new ArrayList<>();

    public void begin(Runnable work) {
        begun.add(threads.submit(work));
    }

    /** Waits for all that was begun. @throws RuntimeException that of the first work that failed */
    public void await() {
        for (Future<?> work : begun) {
            try {
                work.get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new OpException(Code.FAILED, "interrupted", e);
            } catch (ExecutionException e) {
                switch (e.getCause()) {
                    case RuntimeException cause -> throw cause;
                    case Error cause -> throw cause;
                    case null, default -> throw new IllegalStateException(e.getCause());
                }
            }
        }
    }

    /** Waits, and says nothing of failures: {@link #await} does. */
    @Override
    public void close() {
        threads.close();
    }
}
