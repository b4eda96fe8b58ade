package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.SortedMap;

/**
 * An open regular file, read and written at offsets: pread(2), pwrite(2), fallocate(2), ftruncate(2), lseek(2).
 * Confined to its caller.
 */
public final class DataFile implements AutoCloseable {
    /** fallocate(2)'s modes, linux/falloc.h. */
    static final int FALLOC_FL_KEEP_SIZE = 1;

    static final int FALLOC_FL_PUNCH_HOLE = 2;

    /** lseek(2), since Linux 3.1. */
    static final int SEEK_DATA = 3;

    private static final CFunction PREAD = CFunction.of("pread64");
    private static final CFunction PWRITE = CFunction.of("pwrite64");
    private static final CFunction FALLOCATE = CFunction.of("fallocate64");
    private static final CFunction LSEEK = CFunction.of("lseek64");
    private static final CFunction FSYNC = CFunction.of("fsync");

    /** Of linux/fs.h; its argument is a descriptor. */
    static final long FICLONE = 0x40049409L;

    private final Fd fd;

    DataFile(Fd fd) {
        this.fd = fd;
    }

    /** Writes all of it. @throws KernelException ENOSPC, EDQUOT, EFBIG */
    public void write(long offset, byte[] bytes, int from, int length, IoBuffer through) {
        MemorySegment memory = through.memory();
        int done = 0;
        while (done < length) {
            int count = Math.min(length - done, through.size());
            MemorySegment.copy(bytes, from + done, memory, JAVA_BYTE, 0, count);
            done += writeFrom(memory, count, offset + done);
        }
    }

    private int writeFrom(MemorySegment memory, int count, long offset) {
        int done = 0;
        while (done < count) {
            MemorySegment rest = memory.asSlice(done);
            long left = count - done;
            long at = offset + done;
            done += (int) PWRITE.callLong("pwrite", fd, fd.number(), rest.address(), left, at);
        }
        return done;
    }

    /** Reads as much as the file has there. @return the number of bytes, less than asked for only at the file's end */
    public int read(long offset, byte[] into, int from, int length, IoBuffer through) {
        MemorySegment memory = through.memory();
        int done = 0;
        while (done < length) {
            long count = Math.min(length - done, through.size());
            long at = offset + done;
            int got = (int) PREAD.callLong("pread", fd, fd.number(), memory.address(), count, at);
            if (got == 0) {
                break;
            }
            MemorySegment.copy(memory, JAVA_BYTE, 0, into, from + done, got);
            done += got;
        }
        return done;
    }

    /**
     * Takes the content of another file in place of its own: shared with it where the filesystem can, ioctl_ficlone(2),
     * and otherwise copied, without its holes.
     */
    public void copyFrom(DataFile other, IoBuffer through) {
        try {
            Native.ioctl("ioctl FICLONE", fd, FICLONE, other.fd.number());
        } catch (KernelException e) {
            if (!e.is(Errno.EOPNOTSUPP) && !e.is(Errno.EXDEV) && !e.is(Errno.EINVAL) && !e.is(Errno.ENOTTY)) {
                throw e;
            }
            copy(other, through);
        }
    }

    private void copy(DataFile other, IoBuffer through) {
        long size = other.stat().size();
        truncate(size);
        byte[] piece = new byte[through.size()];
        for (OptionalLong data = other.nextData(0); data.isPresent(); ) {
            long at = data.getAsLong();
            int got = other.read(at, piece, 0, piece.length, through);
            write(at, piece, 0, got, through);
            data = got < piece.length ? OptionalLong.empty() : other.nextData(at + got);
        }
    }

    /** Makes a hole, which reads as zeros; the file's length stays. @throws KernelException EOPNOTSUPP, EINVAL */
    public void punch(long offset, long length) {
        int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
        FALLOCATE.call("fallocate", fd, fd.number(), mode, offset, length);
    }

    /** Where the next byte is that isn't in a hole, at the offset or after it; empty when there is none. */
    public OptionalLong nextData(long offset) {
        try {
            return OptionalLong.of(LSEEK.callLong("lseek", fd, fd.number(), offset, SEEK_DATA));
        } catch (KernelException e) {
            if (e.is(Errno.ENXIO)) {
                return OptionalLong.empty();
            }
            throw e;
        }
    }

    /** Sets the file's length; beyond what is written it is a hole. @throws KernelException EFBIG */
    public void truncate(long size) {
        FileCalls.truncate(fd, size);
    }

    public FileStat stat() {
        return FileCalls.stat(fd, "");
    }

    /** Owner and mode; after the last write, which takes set-id bits away. */
    public void access(Access access) {
        // Most files are made by whom they are to belong to, and a change to the same is written all the same.
        FileStat now = stat();
        if (now.uid() != access.uid() || now.gid() != access.gid()) {
            FileCalls.fchown(fd, access);
        }
        FileCalls.fchmod(fd, access.mode());
    }

    /** An extended attribute, xattr(7); after {@link #access}, which takes capabilities away. */
    public void attribute(String name, byte[] value) {
        FileCalls.setxattr(fd, name, value);
    }

    public SortedMap<String, byte[]> attributes() {
        return AttributeCalls.all(fd);
    }

    /** Time of modification; after the last write. */
    public void modified(Instant time) {
        FileCalls.futimens(fd, time);
    }

    /** When it returns, content and attributes are on disk, fsync(2). May take long. */
    public void sync() {
        FSYNC.call("fsync", fd, fd.number());
    }

    @Override
    public void close() {
        fd.close();
    }

    @Override
    public String toString() {
        return fd.toString();
    }
}
