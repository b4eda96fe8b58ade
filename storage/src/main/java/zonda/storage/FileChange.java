package zonda.storage;

import java.time.Instant;
import java.util.Optional;
import zonda.kernel.FileStat;

/**
 * What became of a file between two times: zfs-diff(8).
 *
 * @param path in its dataset, with a slash before each part; empty for the dataset's top
 * @param renamed where it is later, when that is another place
 * @param links how many more names it has
 * @param changed when content or attributes last changed, of the later one where there is one
 */
public record FileChange(
        What what, FileStat.Kind kind, String path, Optional<String> renamed, int links, Instant changed) {
    public enum What {
        REMOVED,
        ADDED,
        MODIFIED,
        RENAMED
    }

    /** The bytes of a path, whatever encoding its names have. */
    public static byte[] bytes(String path) {
        return TreeDifference.bytes(path);
    }
}
