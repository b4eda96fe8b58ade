package zonda.vm;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What follows a boot, done once for each: whoever else wants it done waits for it and shares its end. A command and
 * what recovers at the daemon's start may both want it.
 */
final class Completions {
    private record Completion(Object boot, CompletableFuture<Void> end) {}

    private final Map<UUID, Completion> last = new ConcurrentHashMap<>();

    /**
     * Does the work unless it was done, or is being done, for the same boot of the VM; then waits for that.
     *
     * @param boot equal for the same boot only
     * @throws RuntimeException what the work threw, whoever did it
     */
    void once(UUID vm, Object boot, Runnable work) {
        var own = new Completion(boot, new CompletableFuture<>());
        Completion valid = last.merge(vm, own, (before, mine) -> before.boot().equals(boot) ? before : mine);
        if (valid == own) {
            carryOut(own, work);
        } else {
            await(valid);
        }
    }

    private static void carryOut(Completion completion, Runnable work) {
        try {
            work.run();
            completion.end().complete(null);
        } catch (RuntimeException | Error e) {
            completion.end().completeExceptionally(e);
            throw e;
        }
    }

    private static void await(Completion completion) {
        try {
            completion.end().join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    void forget(UUID vm) {
        last.remove(vm);
    }
}
