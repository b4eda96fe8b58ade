package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import zonda.base.StateFile;

/**
 * On how many devices a btrfs filesystem keeps what is in it, as the kernel tells it: there can be several answers, after
 * writes while a device was missing.
 *
 * @param data the profiles that hold data, mkfs.btrfs(8): single, raid0, dup, raid1, raid1c3, …
 * @param metadata those that hold metadata
 */
record Layout(Set<String> data, Set<String> metadata) {
    Layout {
        data = Set.copyOf(data);
        metadata = Set.copyOf(metadata);
    }

    /** Documentation/ABI/testing/sysfs-fs-btrfs: a directory for each profile that is in use. */
    static Layout of(UUID filesystem) {
        Path allocation = Path.of("/sys/fs/btrfs", filesystem.toString(), "allocation");
        return new Layout(profiles(allocation.resolve("data")), profiles(allocation.resolve("metadata")));
    }

    private static Set<String> profiles(Path directory) {
        try (Stream<Path> entries = Files.list(directory)) {
            Set<String> used = new TreeSet<>();
            for (Path entry : entries.filter(Files::isDirectory).toList()) {
                String total =
                        StateFile.read(entry.resolve("total_bytes")).orElse("0").strip();
                if (!total.equals("0")) {
                    used.add(String.valueOf(entry.getFileName()));
                }
            }
            return used;
        } catch (IOException e) {
            throw new UncheckedIOException("list " + directory + ": " + e, e);
        }
    }

    /** How many devices have a copy of a block, of the least fortunate one. */
    int copies() {
        return Stream.concat(data.stream(), metadata.stream())
                .mapToInt(Layout::copies)
                .min()
                .orElse(1);
    }

    /** How many the most fortunate block has: what the pool was made for. */
    int intendedCopies() {
        return data.stream().mapToInt(Layout::copies).max().orElse(1);
    }

    private static int copies(String profile) {
        return switch (profile) {
            case "raid1", "raid10" -> 2;
            case "raid1c3" -> 3;
            case "raid1c4" -> 4;
            default -> 1;
        };
    }

    /** The profile that keeps so many copies. */
    static String mirrored(int copies) {
        return switch (copies) {
            case 1 -> "single";
            case 2 -> "raid1";
            case 3 -> "raid1c3";
            case 4 -> "raid1c4";
            default -> throw new IllegalArgumentException("btrfs keeps up to four copies, not " + copies);
        };
    }
}
