package zonda.kernel;

import java.time.Instant;

/** A file that was just made and is open for writing. Confined to its caller. */
public final class NewFile implements AutoCloseable {
    private final Fd fd;

    NewFile(Fd fd) {
        this.fd = fd;
    }

    /** Appends. @throws KernelException ENOSPC, EDQUOT */
    public void write(byte[] bytes, int offset, int length) {
        FileCalls.write(fd, bytes, offset, length);
    }

    public void write(byte[] bytes) {
        write(bytes, 0, bytes.length);
    }

    /** The next write begins at this offset from the file's beginning; what is skipped is a hole and reads as zeros. */
    public void seek(long offset) {
        FileCalls.seek(fd, offset);
    }

    /** Sets the file's length; beyond what is written it is a hole. */
    public void truncate(long size) {
        FileCalls.truncate(fd, size);
    }

    /** Owner and mode; after the last write, which takes set-id bits away. */
    public void access(Access access) {
        FileCalls.fchown(fd, access);
        FileCalls.fchmod(fd, access.mode());
    }

    /** An extended attribute, xattr(7); after {@link #access}, which takes capabilities away. */
    public void attribute(String name, byte[] value) {
        FileCalls.setxattr(fd, name, value);
    }

    /** Time of modification; after the last write. */
    public void modified(Instant time) {
        FileCalls.futimens(fd, time);
    }

    @Override
    public void close() {
        fd.close();
    }
}
