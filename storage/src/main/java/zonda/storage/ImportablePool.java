package zonda.storage;

import java.nio.file.Path;
import java.util.List;

/**
 * A pool that nobody has open here, as its devices tell.
 *
 * @param uuid of its filesystem
 * @param members those of its devices that were found
 * @param devices how many it has
 */
public record ImportablePool(String name, String uuid, List<Path> members, long devices) {
    public ImportablePool {
        members = List.copyOf(members);
    }

    /** As a number, by which it can be imported, too. */
    public String id() {
        return Long.toUnsignedString(
                Long.parseUnsignedLong(uuid.replace("-", "").substring(16), 16));
    }

    public boolean isComplete() {
        return members.size() >= devices;
    }
}
