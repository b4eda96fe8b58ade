package zonda.storage;

import java.nio.file.Path;

/**
 * A process that keeps a dataset busy.
 *
 * @param namespace its mount namespace, as {@code /proc/<pid>/ns/mnt} has it
 * @param path of the dataset there: where it is mounted, or a file that is open
 * @param how what the process does with it, for the operator: {@code mounted}, {@code open}, {@code working directory}
 */
public record Holder(long pid, String command, String namespace, Path path, String how) {
    /** For messages. */
    @Override
    public String toString() {
        return path + " is " + how + " by process " + pid + " (" + command + ") in mount namespace " + namespace;
    }
}
