package zonda.storage;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The devices of a pool, and changes to them: zpool-attach(8), zpool-add(8), zpool-replace(8) and the like. */
public sealed interface PoolDevices extends AutoCloseable permits BtrfsDevices, OpenZfsDevices {
    /** A change that is under way: since when, and how far in percent. */
    record Resilver(String verb, Instant began, double percent) {}

    /** Goes on with a change that was interrupted. */
    void resume();

    Optional<Resilver> resilver();

    /** Why the last change failed, if it did. */
    Optional<String> failure();

    /** How many devices have a copy of each block, of the block that has the fewest. */
    int copies();

    /** How many copies the pool is meant to keep. */
    int intendedCopies();

    /** Adds a device that has a further copy of everything. @param force also if it holds something */
    void attach(String existing, String device, boolean force);

    /** Takes a device with its copy out of a mirror. */
    void detach(String device);

    /** Adds room, with the copies that there are. @param devices one, or as many as there are copies */
    void add(List<String> devices, boolean force);

    /** Moves what is on a device to the others, and takes it out. */
    void remove(String device);

    /** Puts a device in the place of another, which may be missing. */
    void replace(String old, String device, boolean force);

    /** Has a device not used any more, until {@link #online}. @param untilOpened only as long as the pool is open */
    void offline(String device, boolean untilOpened);

    /** Has a device used again that was taken offline. @param grow whether all of it, where it has grown */
    void online(String device, boolean grow);

    /** Waits until no change is under way. @throws OpException FAILED when it failed */
    void await();

    @Override
    void close();
}
