package zonda.storage;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.kernel.Command;

/**
 * What a device or file says it holds: blkid(8).
 *
 * @param type of its filesystem, or of what else it is part of
 * @param label empty when it has none
 * @param uuid of the filesystem
 */
record VdevLabel(Path path, String type, String label, String uuid) {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String OURS = "zonda:";

    /** Empty when it holds nothing that anybody knows. */
    static Optional<VdevLabel> of(Path path) {
        Map<String, String> found = new HashMap<>();
        Command.of("blkid", "-p", "-o", "export", path.toString())
                .run(LIMIT)
                .out()
                .lines()
                .forEach(line -> {
                    int equals = line.indexOf('=');
                    if (equals > 0) {
                        found.put(
                                line.substring(0, equals),
                                line.substring(equals + 1).replace("\\", ""));
                    }
                });
        String type = found.getOrDefault("TYPE", found.getOrDefault("PTTYPE", ""));
        return type.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new VdevLabel(path, type, found.getOrDefault("LABEL", ""), found.getOrDefault("UUID", "")));
    }

    /** The pool that it was made for; empty when it is none of a pool. */
    Optional<String> pool() {
        return type.equals("btrfs") && label.startsWith(OURS)
                ? Optional.of(label.substring(OURS.length()))
                : Optional.empty();
    }

    /** All block devices that hold a pool's filesystem. */
    static List<VdevLabel> ofDisks() {
        return Command.of("blkid", "-c", "/dev/null", "-o", "device", "-t", "TYPE=btrfs")
                .run(LIMIT)
                .out()
                .lines()
                .flatMap(device -> of(Path.of(device)).stream())
                .toList();
    }
}
