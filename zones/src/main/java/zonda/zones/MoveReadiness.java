package zonda.zones;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Keeps the kernel ready, for the moment of a boot, to move a process into a control group at once.
 *
 * <p>The first move after a pause waits for an RCU grace period, 10 to 20 ms, until the lock that forks take is in its
 * slow mode (cgroup_threadgroup_rwsem, kernel/cgroup/cgroup.c; percpu_down_write, kernel/locking/percpu-rwsem.c); further
 * ones, for about as long, don't. So this moves the daemon into the group that it is in, which changes nothing, on a
 * thread of its own while the datasets are made, and again until the runtime has had its turn. Forks of the whole host
 * cost a little more in that time.
 */
final class MoveReadiness {
    /** From the first word of a boot to the runtime's move. */
    private static final Duration ENOUGH = Duration.ofMillis(200);

    private static final long PAUSE_MILLIS = 4;

    private final Optional<Path> own;
    private final AtomicBoolean running = new AtomicBoolean();
    private volatile long until;

    /** @param own the file cgroup.procs of this process's group; empty where it isn't known, and nothing is done */
    MoveReadiness(Optional<Path> own) {
        this.own = own;
    }

    static MoveReadiness ofThisProcess() {
        return new MoveReadiness(ownGroup());
    }

    /** Of whichever hierarchy: the lock is one for all. */
    private static Optional<Path> ownGroup() {
        try {
            return Files.readAllLines(Path.of("/proc/self/cgroup")).stream()
                    .flatMap(line -> procs(line).stream())
                    .filter(Files::isWritable)
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** A line of /proc/self/cgroup, {@code number:controllers:path}, cgroups(7). */
    private static Optional<Path> procs(String line) {
        String[] words = line.split(":", 3);
        if (words.length < 3) {
            return Optional.empty();
        }
        String hierarchy = words[1].startsWith("name=") ? words[1].substring("name=".length()) : words[1];
        Path tree = hierarchy.isEmpty() ? Cgroups.TREE : Cgroups.TREE.resolve(hierarchy);
        return Optional.of(tree.resolve(words[2].substring(1)).resolve("cgroup.procs"));
    }

    /** A move is to come. */
    void expect() {
        until = System.nanoTime() + ENOUGH.toNanos();
        own.filter(_ -> running.compareAndSet(false, true))
                .ifPresent(procs ->
                        Thread.ofPlatform().daemon().name("move-readiness").start(() -> keep(procs)));
    }

    private void keep(Path procs) {
        try {
            while (System.nanoTime() - until < 0) {
                // 0 is the writing process itself.
                Files.writeString(procs, "0");
                Thread.sleep(PAUSE_MILLIS);
            }
        } catch (IOException e) {
            // Nothing depends on it but time.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            running.set(false);
        }
    }
}
