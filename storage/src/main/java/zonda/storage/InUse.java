package zonda.storage;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** Which snapshots are read by something that takes long, and so are not destroyed meanwhile. Any thread may call it. */
final class InUse {
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Guid, Integer> users = new HashMap<>();

    /** What is used until it is closed. */
    final class Use implements AutoCloseable {
        private final List<Guid> used;

        private Use(List<Guid> used) {
            this.used = List.copyOf(used);
        }

        @Override
        public void close() {
            lock.lock();
            try {
                used.forEach(guid -> users.computeIfPresent(guid, (_, count) -> count == 1 ? null : count - 1));
            } finally {
                lock.unlock();
            }
        }
    }

    Use use(List<Guid> snapshots) {
        lock.lock();
        try {
            snapshots.forEach(guid -> users.merge(guid, 1, Integer::sum));
            return new Use(snapshots);
        } finally {
            lock.unlock();
        }
    }

    boolean isUsed(Guid snapshot) {
        lock.lock();
        try {
            return users.containsKey(snapshot);
        } finally {
            lock.unlock();
        }
    }
}
