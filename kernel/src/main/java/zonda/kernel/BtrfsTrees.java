package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import zonda.base.Bytes;

/**
 * Reads whole btrees of a btrfs filesystem, as of its last commit: ioctl BTRFS_IOC_TREE_SEARCH_V2, Linux 3.14. One pass
 * lists ten thousand subvolumes in a tenth of a second. Keys are ordered by object, type, offset.
 */
public final class BtrfsTrees {
    /** An item of any size fits, btrfs' nodes being of 64 KiB at most. */
    private static final int FIRST_BUFFER = 1 << 16;

    private static final int BUFFER = 1 << 20;

    private BtrfsTrees() {}

    /**
     * A subvolume's place.
     *
     * @param parent the subvolume it lies in
     * @param directory the inode of the directory it lies in
     */
    public record Place(long id, long parent, long directory, String name) {}

    /**
     * A quota group.
     *
     * @param members groups charged to it
     * @param groups it is charged to
     */
    public record Group(long id, Bytes used, OptionalLong limit, Set<Long> members, Set<Long> groups) {
        public Group {
            members = Set.copyOf(members);
            groups = Set.copyOf(groups);
        }
    }

    /** All subvolumes and snapshots that have a name; those being freed have none. */
    public static List<Place> subvolumes(Fd any) {
        var places = new ArrayList<Place>();
        var range = new Range(
                BtrfsAbi.ROOT_TREE,
                BtrfsAbi.FIRST_FREE_OBJECT,
                BtrfsAbi.LAST_FREE_OBJECT,
                BtrfsAbi.ROOT_BACKREF_KEY,
                BtrfsAbi.ROOT_BACKREF_KEY);
        search(any, range, item -> {
            // struct btrfs_root_ref: directory, sequence, length of the name, name.
            int length = item.data().get(JAVA_SHORT_UNALIGNED, 16) & 0xffff;
            byte[] name = item.data().asSlice(18, length).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
            places.add(new Place(
                    item.object(),
                    item.offset(),
                    item.data().get(JAVA_LONG_UNALIGNED, 0),
                    new String(name, StandardCharsets.UTF_8)));
        });
        return List.copyOf(places);
    }

    /** Whether subvolumes are being freed, or will be, that were destroyed. */
    public static boolean isFreeing(Fd any) {
        boolean[] found = new boolean[1];
        var range = new Range(
                BtrfsAbi.ROOT_TREE,
                BtrfsAbi.ORPHAN_OBJECT,
                BtrfsAbi.ORPHAN_OBJECT,
                BtrfsAbi.ORPHAN_ITEM_KEY,
                BtrfsAbi.ORPHAN_ITEM_KEY);
        search(any, range, _ -> found[0] = true);
        return found[0];
    }

    /** All quota groups by their id. */
    public static Map<Long, Group> groups(Fd any) {
        var found = new HashMap<Long, Draft>();
        var range = new Range(BtrfsAbi.QUOTA_TREE, 0, -1, BtrfsAbi.QGROUP_INFO_KEY, BtrfsAbi.QGROUP_RELATION_KEY);
        search(any, range, item -> {
            switch (item.type()) {
                case BtrfsAbi.QGROUP_INFO_KEY ->
                    draft(found, item.offset()).used =
                            Math.max(0, item.data().get(JAVA_LONG_UNALIGNED, BtrfsAbi.INFO_ITEM_REFERENCED));
                case BtrfsAbi.QGROUP_LIMIT_KEY -> draft(found, item.offset()).limit = limit(item.data());
                case BtrfsAbi.QGROUP_RELATION_KEY -> relate(found, item.object(), item.offset());
                default -> {}
            }
        });
        var groups = new HashMap<Long, Group>();
        found.forEach((id, draft) ->
                groups.put(id, new Group(id, Bytes.of(draft.used), draft.limit, draft.members, draft.groups)));
        return Map.copyOf(groups);
    }

    /**
     * How much data the files of a subvolume refer to, shared with others or not, as it lies on the disk: a hole is
     * nothing, and of a compressed extent what is used counts by its share. It reads the subvolume's whole tree.
     *
     * @param inside a directory of the subvolume
     */
    public static Bytes referenced(Fd inside) {
        return written(inside, -1);
    }

    /**
     * As {@link #referenced}, of what was written after a commit only. Parts of the tree that have not changed since are
     * not read.
     */
    public static Bytes written(Fd inside, long commit) {
        long[] sum = new long[1];
        // Tree 0 is the one that the descriptor is in.
        var range = new Range(
                0,
                BtrfsAbi.FIRST_FREE_OBJECT,
                BtrfsAbi.LAST_FREE_OBJECT,
                BtrfsAbi.EXTENT_DATA_KEY,
                BtrfsAbi.EXTENT_DATA_KEY,
                commit + 1);
        search(inside, range, item -> {
            if (item.data().get(JAVA_LONG_UNALIGNED, BtrfsAbi.EXTENT_GENERATION) > commit) {
                sum[0] += extent(item.data());
            }
        });
        return Bytes.of(sum[0]);
    }

    private static long extent(MemorySegment item) {
        long ram = item.get(JAVA_LONG_UNALIGNED, BtrfsAbi.EXTENT_RAM_BYTES);
        if (item.get(java.lang.foreign.ValueLayout.JAVA_BYTE, BtrfsAbi.EXTENT_TYPE) == BtrfsAbi.EXTENT_TYPE_INLINE) {
            return ram;
        }
        if (item.get(JAVA_LONG_UNALIGNED, BtrfsAbi.EXTENT_DISK_BYTENR) == 0) {
            return 0;
        }
        long bytes = item.get(JAVA_LONG_UNALIGNED, BtrfsAbi.EXTENT_BYTES);
        boolean compressed =
                item.get(java.lang.foreign.ValueLayout.JAVA_BYTE, BtrfsAbi.EXTENT_COMPRESSION) != 0 && ram > 0;
        long disk = item.get(JAVA_LONG_UNALIGNED, BtrfsAbi.EXTENT_DISK_BYTES);
        return compressed ? (long) ((double) disk * bytes / ram) : bytes;
    }

    /** Each relation stands there twice, once in either direction; the id of a higher level is the greater one. */
    private static void relate(Map<Long, Draft> found, long one, long other) {
        if (Long.compareUnsigned(one, other) < 0) {
            draft(found, one).groups.add(other);
            draft(found, other).members.add(one);
        }
    }

    private static OptionalLong limit(MemorySegment data) {
        long flags = data.get(JAVA_LONG_UNALIGNED, BtrfsAbi.LIMIT_ITEM_FLAGS);
        return (flags & BtrfsAbi.LIMIT_MAX_REFERENCED) == 0
                ? OptionalLong.empty()
                : OptionalLong.of(data.get(JAVA_LONG_UNALIGNED, BtrfsAbi.LIMIT_ITEM_MAX_REFERENCED));
    }

    private static Draft draft(Map<Long, Draft> found, long id) {
        return found.computeIfAbsent(id, _ -> new Draft());
    }

    private static final class Draft {
        private long used;
        private OptionalLong limit = OptionalLong.empty();
        private final Set<Long> members = new HashSet<>();
        private final Set<Long> groups = new HashSet<>();
    }

    /** @param minCommit nodes of the tree that are older are passed over */
    record Range(long tree, long minObject, long maxObject, int minType, int maxType, long minCommit) {
        Range(long tree, long minObject, long maxObject, int minType, int maxType) {
            this(tree, minObject, maxObject, minType, maxType, 0);
        }
    }

    record Item(long object, int type, long offset, MemorySegment data) {}

    @FunctionalInterface
    interface Items {
        /** The item's data is valid during the call only. */
        void accept(Item item);
    }

    /** The kernel answers as many items as fit the buffer; the search goes on behind the last one's key. */
    static void search(Fd any, Range range, Items items) {
        try (Arena arena = Arena.ofConfined()) {
            // Most answers are short, and memory costs as much to make as to fill.
            MemorySegment arguments = arena.allocate(BtrfsAbi.SEARCH_BUFFER + FIRST_BUFFER, 8);
            var from = new Item(range.minObject(), range.minType(), 0, MemorySegment.NULL);
            while (true) {
                writeKey(arguments, range, from);
                Native.ioctl("search tree " + range.tree() + " of", any, BtrfsAbi.TREE_SEARCH_V2, arguments);
                int count = arguments.get(JAVA_INT, BtrfsAbi.SEARCH_ITEMS);
                if (count == 0) {
                    return;
                }
                Item last = deliver(arguments, count, range, items);
                long end = last.data().address() + last.data().byteSize() - arguments.address();
                if (end > FIRST_BUFFER / 2 && arguments.byteSize() < BUFFER) {
                    arguments = arena.allocate(BtrfsAbi.SEARCH_BUFFER + BUFFER, 8);
                }
                if (last.offset() != -1) {
                    from = new Item(last.object(), last.type(), last.offset() + 1, MemorySegment.NULL);
                } else if (last.type() < range.maxType()) {
                    from = new Item(last.object(), last.type() + 1, 0, MemorySegment.NULL);
                } else if (last.object() != range.maxObject()) {
                    from = new Item(last.object() + 1, range.minType(), 0, MemorySegment.NULL);
                } else {
                    return;
                }
            }
        }
    }

    private static void writeKey(MemorySegment arguments, Range range, Item from) {
        arguments.asSlice(0, BtrfsAbi.SEARCH_BUFFER).fill((byte) 0);
        arguments.set(JAVA_LONG, BtrfsAbi.SEARCH_TREE, range.tree());
        arguments.set(JAVA_LONG, BtrfsAbi.SEARCH_MIN_OBJECT, from.object());
        arguments.set(JAVA_LONG, BtrfsAbi.SEARCH_MAX_OBJECT, range.maxObject());
        arguments.set(JAVA_LONG, BtrfsAbi.SEARCH_MIN_OFFSET, from.offset());
        arguments.set(JAVA_LONG, BtrfsAbi.SEARCH_MAX_OFFSET, -1);
        arguments.set(JAVA_LONG, BtrfsAbi.SEARCH_MIN_TRANSACTION, range.minCommit());
        arguments.set(JAVA_LONG, BtrfsAbi.SEARCH_MAX_TRANSACTION, -1);
        arguments.set(JAVA_INT, BtrfsAbi.SEARCH_MIN_TYPE, from.type());
        arguments.set(JAVA_INT, BtrfsAbi.SEARCH_MAX_TYPE, range.maxType());
        arguments.set(JAVA_INT, BtrfsAbi.SEARCH_ITEMS, Integer.MAX_VALUE);
        arguments.set(JAVA_LONG, BtrfsAbi.SEARCH_BUFFER_SIZE, arguments.byteSize() - BtrfsAbi.SEARCH_BUFFER);
    }

    private static Item deliver(MemorySegment arguments, int count, Range range, Items items) {
        long at = BtrfsAbi.SEARCH_BUFFER;
        Item item = new Item(0, 0, 0, MemorySegment.NULL);
        for (int i = 0; i < count; i++) {
            int length = arguments.get(JAVA_INT_UNALIGNED, at + BtrfsAbi.ITEM_LENGTH);
            item = new Item(
                    arguments.get(JAVA_LONG_UNALIGNED, at + BtrfsAbi.ITEM_OBJECT),
                    arguments.get(JAVA_INT_UNALIGNED, at + BtrfsAbi.ITEM_TYPE),
                    arguments.get(JAVA_LONG_UNALIGNED, at + BtrfsAbi.ITEM_OFFSET),
                    arguments.asSlice(at + BtrfsAbi.ITEM_DATA, length));
            // Between the first and the last key lie items of every type.
            if (item.type() >= range.minType() && item.type() <= range.maxType()) {
                items.accept(item);
            }
            at += BtrfsAbi.ITEM_DATA + length;
        }
        return item;
    }
}
