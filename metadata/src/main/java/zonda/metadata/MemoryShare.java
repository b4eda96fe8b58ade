package zonda.metadata;

import java.util.concurrent.atomic.AtomicLong;

/** The memory that one zone's connections may hold together for lines that haven't ended. */
final class MemoryShare {
    private final AtomicLong left;

    MemoryShare(long bytes) {
        left = new AtomicLong(bytes);
    }

    /** Whether that much was left, which is then taken. */
    boolean take(long bytes) {
        if (left.addAndGet(-bytes) >= 0) {
            return true;
        }
        left.addAndGet(bytes);
        return false;
    }

    void giveBack(long bytes) {
        left.addAndGet(bytes);
    }
}
