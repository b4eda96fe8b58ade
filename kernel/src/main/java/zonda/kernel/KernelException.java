package zonda.kernel;

/** The kernel refused a call: what was asked, on what, and its answer. */
public final class KernelException extends RuntimeException {
    private final int errno;

    KernelException(String call, String target, int errno) {
        super(call + " " + target + ": " + Errno.name(errno) + " (errno " + errno + ")");
        this.errno = errno;
    }

    /** The number in errno(3). */
    public int errno() {
        return errno;
    }

    public boolean is(int wanted) {
        return errno == wanted;
    }
}
