package zonda.storage;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import zonda.base.Bytes;
import zonda.kernel.Btrfs;
import zonda.kernel.BtrfsTrees;
import zonda.kernel.Errno;
import zonda.kernel.Fd;
import zonda.kernel.KernelException;

/**
 * The quota groups of a pool. A dataset's group is {@code 1/<low 48 bits of its guid>}; its members are the kernel's own
 * groups {@code 0/<subvolume>} of the dataset and its snapshots, and those of the datasets below it: a subvolume is a
 * member of several groups, and whichever is full first stops the writer.
 *
 * <p>A subvolume's own group outlives it while anything that it wrote is still referred to. It then must stay where it
 * is, or that space would be charged to nobody, so groups are dropped only when nothing is charged to them.
 */
final class BtrfsAccounts {
    private static final long FIRST_LEVEL_1 = Btrfs.levelOneGroup(0);

    /** How many groups a verb tries to drop: more than it adds, so that the rest only gets shorter. */
    private static final int DROPPED_AT_ONCE = 4;

    private final Fd fd;
    /** Groups of destroyed datasets, whose space the kernel is still freeing. */
    private final Queue<Long> retired = new ConcurrentLinkedQueue<>();

    BtrfsAccounts(Fd fd) {
        this.fd = fd;
    }

    static long group(Guid dataset) {
        return Btrfs.levelOneGroup(dataset.value());
    }

    static List<Long> groups(List<Guid> datasets) {
        return datasets.stream().map(BtrfsAccounts::group).toList();
    }

    /** Makes a dataset's group, with its limit, before there is a subvolume to charge to it. */
    void open(Guid dataset, Optional<Bytes> quota) {
        unless(Errno.EEXIST, () -> Btrfs.createGroup(fd, group(dataset)));
        if (quota.isPresent()) {
            limit(dataset, quota);
        }
    }

    void limit(Guid dataset, Optional<Bytes> quota) {
        Btrfs.limit(fd, group(dataset), limit(quota));
    }

    private static OptionalLong limit(Optional<Bytes> quota) {
        return quota.map(bytes -> OptionalLong.of(bytes.value())).orElse(OptionalLong.empty());
    }

    /**
     * A dataset is destroyed: its group goes when the kernel has freed its subvolumes, which takes off their own groups
     * (Linux 6.10). Tries some that were retired before; those that are left at the end go at the next open.
     */
    void retire(Guid dataset) {
        for (int i = 0; i < DROPPED_AT_ONCE; i++) {
            Long group = retired.poll();
            if (group != null && !dropIfFree(group)) {
                retired.add(group);
            }
        }
        retired.add(group(dataset));
    }

    /** Whether the group is gone: the kernel, too, drops groups of what it has freed, at any moment. */
    private boolean dropIfFree(long group) {
        try {
            Btrfs.destroyGroup(fd, group);
            return true;
        } catch (KernelException e) {
            if (e.is(Errno.EBUSY)) {
                return false;
            }
            if (e.is(Errno.ENOENT)) {
                return true;
            }
            throw e;
        }
    }

    /** Charges all that a dataset's group holds to other ancestors. */
    void move(Guid dataset, List<Guid> from, List<Guid> to) {
        BtrfsTrees.Group moved = BtrfsTrees.groups(fd).get(group(dataset));
        if (moved == null) {
            return;
        }
        moved.members().forEach(member -> moveUnlessGone(member, from, to));
    }

    /** A subvolume that was destroyed is a member until the kernel has freed it, and has no group from then on. */
    private void moveUnlessGone(long member, List<Guid> from, List<Guid> to) {
        try {
            move(member, from, to);
        } catch (KernelException e) {
            if (!e.is(Errno.EINVAL) || BtrfsTrees.groups(fd).containsKey(member)) {
                throw e;
            }
        }
    }

    /** Charges what one subvolume holds to others. */
    void move(long member, List<Guid> from, List<Guid> to) {
        from.stream()
                .filter(ancestor -> !to.contains(ancestor))
                .forEach(ancestor -> unless(Errno.ENOENT, () -> Btrfs.unassign(fd, member, group(ancestor))));
        to.stream()
                .filter(ancestor -> !from.contains(ancestor))
                .forEach(ancestor -> unless(Errno.EEXIST, () -> Btrfs.assign(fd, member, group(ancestor))));
    }

    /**
     * Makes limits and charges what they should be, and drops groups that nobody needs.
     *
     * @param expected of each dataset
     * @param charged to whom the subvolume of each id is charged
     */
    void reconcile(Map<Guid, PoolDriver.Charge> expected, Map<Long, List<Guid>> charged) {
        Map<Long, BtrfsTrees.Group> groups = BtrfsTrees.groups(fd);
        expected.forEach((dataset, charge) -> {
            BtrfsTrees.Group group = groups.get(group(dataset));
            if (group == null) {
                open(dataset, charge.quota());
            } else if (!group.limit().equals(limit(charge.quota()))) {
                limit(dataset, charge.quota());
            }
        });
        charged.forEach((subvolume, accounts) -> charge(subvolume, groups, Set.copyOf(groups(accounts))));
        drop(groups, expected.keySet().stream().map(BtrfsAccounts::group).collect(Collectors.toSet()));
    }

    private void charge(long subvolume, Map<Long, BtrfsTrees.Group> groups, Set<Long> wanted) {
        BtrfsTrees.Group own = groups.get(subvolume);
        Set<Long> actual = own == null ? Set.of() : own.groups();
        if (own == null) {
            unless(Errno.EEXIST, () -> Btrfs.createGroup(fd, subvolume));
        }
        var missing = new HashSet<>(wanted);
        missing.removeAll(actual);
        missing.forEach(group -> unless(Errno.EEXIST, () -> Btrfs.assign(fd, subvolume, group)));
        var wrong = new HashSet<>(actual);
        wrong.removeAll(wanted);
        wrong.forEach(group -> unless(Errno.ENOENT, () -> Btrfs.unassign(fd, subvolume, group)));
    }

    private void drop(Map<Long, BtrfsTrees.Group> groups, Set<Long> needed) {
        Set<Long> alive =
                BtrfsTrees.subvolumes(fd).stream().map(BtrfsTrees.Place::id).collect(Collectors.toSet());
        for (BtrfsTrees.Group group : groups.values()) {
            if (Long.compareUnsigned(group.id(), FIRST_LEVEL_1) < 0 || needed.contains(group.id())) {
                continue;
            }
            var left = new ArrayList<>(group.members());
            left.removeIf(member -> !alive.contains(member) && dropUnused(groups.get(member)));
            if (left.isEmpty()) {
                dropIfFree(group.id());
            }
        }
    }

    /** Whether the group of a subvolume that is gone could be dropped. */
    private boolean dropUnused(BtrfsTrees.@Nullable Group member) {
        if (member == null) {
            return true;
        }
        if (member.used().value() > 0) {
            return false;
        }
        member.groups().forEach(group -> unless(Errno.ENOENT, () -> Btrfs.unassign(fd, member.id(), group)));
        return dropIfFree(member.id());
    }

    /** False when the kernel gave the one answer that is fine too. */
    private static boolean unless(int fine, Runnable call) {
        try {
            call.run();
            return true;
        } catch (KernelException e) {
            if (e.is(fine)) {
                return false;
            }
            throw e;
        }
    }
}
