package zonda.zones;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import zonda.kernel.Fd;
import zonda.kernel.Namespaces;

/**
 * The user namespaces that show files through an id range, made once for each range, since each takes a process for a
 * moment. They stay as long as the daemon; a range belongs to one zone for that zone's life.
 */
final class UserNamespaces {
    private final ConcurrentMap<IdRange, Fd> made = new ConcurrentHashMap<>();

    Fd of(IdRange ids) {
        return made.computeIfAbsent(ids, range -> Namespaces.userNamespace(range.base(), IdRange.SIZE));
    }

    /** Makes one before it is asked for, on a thread of its own. */
    void prepare(IdRange ids) {
        if (!made.containsKey(ids)) {
            Thread.ofVirtual().name("id-map").start(() -> of(ids));
        }
    }
}
