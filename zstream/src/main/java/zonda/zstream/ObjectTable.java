package zonda.zstream;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The objects of a dataset by their numbers, within a limit of memory: whatever a stream claims, no more is kept of it.
 * Confined to its caller.
 */
final class ObjectTable {
    /** DN_MAX_OBJECT: object numbers have 48 bits. */
    static final long LARGEST = (1L << 48) - 1;

    private final TreeMap<Long, StoredObject> objects = new TreeMap<>();
    private final long limit;
    private long weight;

    ObjectTable(long limit) {
        this.limit = limit;
    }

    ObjectTable copy() {
        var copy = new ObjectTable(limit);
        objects.forEach((id, object) -> copy.objects.put(id, object.copy()));
        copy.weight = weight;
        return copy;
    }

    ObjectTable withLimit(long newLimit) {
        var copy = new ObjectTable(newLimit);
        objects.forEach((id, object) -> copy.objects.put(id, object.copy()));
        copy.weight = weight;
        return copy;
    }

    Optional<StoredObject> find(long id) {
        return Optional.ofNullable(objects.get(id));
    }

    /** @throws StreamException when there is no such object */
    StoredObject get(long id) {
        return find(id).orElseThrow(() -> StreamException.of(id, "something refers to it, and it isn't there"));
    }

    Collection<StoredObject> all() {
        return objects.values();
    }

    SortedMap<Long, StoredObject> map() {
        return objects;
    }

    void put(StoredObject object) {
        StoredObject before = objects.put(object.id(), object);
        weigh(before == null ? 0 : before.weight(), object);
    }

    /** Objects of a range, whose numbers are unsigned, are there no more. @return them */
    Collection<StoredObject> remove(long first, long count) {
        if (first < 0 || count == 0) {
            return List.of();
        }
        long end = count < 0 || first + count < 0 ? Long.MAX_VALUE : first + count;
        var range = objects.subMap(first, end);
        var gone = List.copyOf(range.values());
        gone.forEach(object -> weight -= object.weight());
        range.clear();
        return gone;
    }

    /** Accounts for a change of an object. @param before its weight before the change */
    void weigh(long before, StoredObject object) {
        weight += object.weight() - before;
        if (weight > limit) {
            throw StreamException.of(
                    object.id(),
                    "with it, directories and attributes take more than the " + (limit >> 20)
                            + " MiB of memory that a receive may use");
        }
    }
}
