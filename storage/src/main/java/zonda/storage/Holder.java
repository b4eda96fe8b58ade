package zonda.storage;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/**
 * A process that keeps a dataset busy.
 *
 * @param namespace its mount namespace, as {@code /proc/<pid>/ns/mnt} has it
 * @param path of the dataset there: where it is mounted, or a file that is open
 * @param how what the process does with it, for the operator: {@code mounted}, {@code open}, {@code working directory}
 */
public record Holder(long pid, String command, String namespace, Path path, String how) {
    private static final Duration JUST = Duration.ofSeconds(4);

    /** Whether the process has begun some seconds ago at most, so that it may be a container that starts. */
    boolean isJustStarted() {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().startInstant())
                .filter(begun -> Duration.between(begun, Instant.now()).compareTo(JUST) < 0)
                .isPresent();
    }

    /** For messages. */
    @Override
    public String toString() {
        return path + " is " + how + " by process " + pid + " (" + command + ") in mount namespace " + namespace;
    }
}
