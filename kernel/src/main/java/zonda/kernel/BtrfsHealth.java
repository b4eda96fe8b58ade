package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Scrubs and error counters of btrfs devices: btrfs-scrub(8), btrfs-device(8), linux/btrfs.h. A descriptor given as
 * {@code any} is open on any directory of the filesystem.
 */
public final class BtrfsHealth {
    private static final long EVERYTHING = -1;

    private BtrfsHealth() {}

    /**
     * What a scrub of one device has done so far.
     *
     * @param bytes of data and metadata that it has read
     * @param errors found: reads that failed, and blocks that were not what had been written
     * @param corrected of these, blocks, from another copy
     * @param uncorrectable of these, blocks, of which there was no good copy
     * @param position on the device, in bytes; an interrupted scrub can be begun again there
     * @param complete whether it came to the device's end
     */
    public record Scrubbed(
            long bytes, long errors, long corrected, long uncorrectable, long position, boolean complete) {}

    /**
     * Reads all that is used of the device from a position on, checks it, and repairs what another copy allows. Blocks
     * for as long as that takes, up to hours; {@link #cancel} ends it from another thread.
     *
     * @throws KernelException EINPROGRESS when a scrub of this device runs already, ENODEV when it is missing
     */
    public static Scrubbed scrub(Fd any, long device, long from) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment arguments = arena.allocate(BtrfsAbi.SCRUB_SIZE, 8);
            arguments.set(JAVA_LONG, BtrfsAbi.SCRUB_ID, device);
            arguments.set(JAVA_LONG, BtrfsAbi.SCRUB_START, from);
            arguments.set(JAVA_LONG, BtrfsAbi.SCRUB_END, EVERYTHING);
            try {
                Native.ioctl("scrub device " + device + " of", any, BtrfsAbi.SCRUB, arguments);
                return scrubbed(arguments, true);
            } catch (KernelException e) {
                if (e.is(Errno.ECANCELED)) {
                    return scrubbed(arguments, false);
                }
                throw e;
            }
        }
    }

    /** How far the scrub of the device is; empty when none runs. */
    public static Optional<Scrubbed> progress(Fd any, long device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment arguments = arena.allocate(BtrfsAbi.SCRUB_SIZE, 8);
            arguments.set(JAVA_LONG, BtrfsAbi.SCRUB_ID, device);
            Native.ioctl("ask for the scrub of", any, BtrfsAbi.SCRUB_PROGRESS, arguments);
            return Optional.of(scrubbed(arguments, false));
        } catch (KernelException e) {
            if (e.is(Errno.ENOTCONN) || e.is(Errno.ENODEV)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Ends the scrubs of all devices of the filesystem; fine when none runs. */
    public static void cancel(Fd any) {
        try {
            Native.ioctl("cancel the scrub of", any, BtrfsAbi.SCRUB_CANCEL, MemorySegment.NULL);
        } catch (KernelException e) {
            if (!e.is(Errno.ENOTCONN)) {
                throw e;
            }
        }
    }

    /** Sets the error counters of the device to zero. */
    public static void clearErrors(Fd any, long device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment arguments = arena.allocate(BtrfsAbi.DEV_STATS_SIZE, 8);
            arguments.set(JAVA_LONG, 0, device);
            arguments.set(JAVA_LONG, BtrfsAbi.DEV_STATS_ITEMS, BtrfsAbi.DEV_STATS_VALUES);
            arguments.set(JAVA_LONG, BtrfsAbi.DEV_STATS_FLAGS, BtrfsAbi.DEV_STATS_RESET);
            Native.ioctl("clear errors of device " + device + " of", any, BtrfsAbi.GET_DEV_STATS, arguments);
        }
    }

    private static Scrubbed scrubbed(MemorySegment arguments, boolean complete) {
        long errors = arguments.get(JAVA_LONG, BtrfsAbi.SCRUB_READ_ERRORS)
                + arguments.get(JAVA_LONG, BtrfsAbi.SCRUB_CHECKSUM_ERRORS)
                + arguments.get(JAVA_LONG, BtrfsAbi.SCRUB_VERIFY_ERRORS)
                + arguments.get(JAVA_LONG, BtrfsAbi.SCRUB_SUPER_ERRORS);
        return new Scrubbed(
                arguments.get(JAVA_LONG, BtrfsAbi.SCRUB_DATA_BYTES)
                        + arguments.get(JAVA_LONG, BtrfsAbi.SCRUB_TREE_BYTES),
                errors,
                arguments.get(JAVA_LONG, BtrfsAbi.SCRUB_CORRECTED),
                arguments.get(JAVA_LONG, BtrfsAbi.SCRUB_UNCORRECTABLE),
                arguments.get(JAVA_LONG, BtrfsAbi.SCRUB_LAST_PHYSICAL),
                complete);
    }
}
