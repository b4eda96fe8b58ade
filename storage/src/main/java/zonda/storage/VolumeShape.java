package zonda.storage;

import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * What makes a dataset a volume: a disk, not a tree of files.
 *
 * @param size when it is made; the volume itself has its size afterwards
 * @param blockSize of which its size is a multiple. What the pool reads and writes at a time is its own affair
 */
public record VolumeShape(Bytes size, int blockSize) {
    /** As all disks of SmartOS have it. */
    public static final int USUAL_BLOCK = 8192;

    private static final int SMALLEST_BLOCK = 512;
    private static final int POINTERS_PER_BLOCK = 1024;
    private static final int LARGEST_BLOCK = 128 << 10;

    public VolumeShape {
        if (Integer.bitCount(blockSize) != 1 || blockSize < SMALLEST_BLOCK || blockSize > LARGEST_BLOCK) {
            throw new OpException(Code.INVALID, "'volblocksize' must be power of 2 from 512B to 128KB");
        }
        requireSize(size, blockSize);
    }

    /** Of a size that is rounded up to whole blocks. */
    public static VolumeShape of(Bytes size, int blockSize) {
        long blocks = Math.ceilDiv(size.value(), Math.max(1, blockSize));
        return new VolumeShape(Bytes.of(Math.multiplyExact(blocks, blockSize)), blockSize);
    }

    /**
     * What ZFS reserves for a volume, so that all of it can be written: its size, and twice the blocks of 128 KiB that
     * point to its blocks, 1,024 each, in as many levels as that needs, with seven of the metadnode.
     */
    public static Bytes reservation(Bytes size, int blockSize) {
        long pointers = 7;
        long blocks = size.value() / blockSize;
        while (blocks > 1) {
            blocks = Math.ceilDiv(blocks, POINTERS_PER_BLOCK);
            pointers += blocks;
        }
        return Bytes.of(size.value() + 2 * pointers * LARGEST_BLOCK);
    }

    /** As {@link #reservation(Bytes, int)}, of this one. */
    public Bytes reservation() {
        return reservation(size, blockSize);
    }

    static void requireSize(Bytes size, int blockSize) {
        if (size.value() == 0) {
            throw new OpException(Code.INVALID, "'volsize' cannot be zero");
        }
        if (size.value() % blockSize != 0) {
            throw new OpException(
                    Code.INVALID, "'volsize' must be a multiple of volume block size (" + blockSize + ")");
        }
    }
}
