package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import zonda.kernel.BtrfsTrees;
import zonda.kernel.Fd;

/** Which subvolumes a pool has, and what of the layout each is. */
final class BtrfsInventory {
    private static final long TOP_SUBVOLUME = 5;

    private final Path top;
    private final Fd fd;

    BtrfsInventory(Path top, Fd fd) {
        this.top = top;
        this.fd = fd;
    }

    PoolDriver.Inventory inventory() {
        var datasets = new HashSet<Guid>();
        var snapshots = new HashSet<SnapshotId>();
        var strangers = new ArrayList<String>();
        subvolumes().forEach((path, _) -> {
            List<Guid> guids = guids(path);
            switch (path.getName(0).toString() + guids.size()) {
                case "ds1" -> datasets.add(guids.getFirst());
                case "snap2" -> snapshots.add(new SnapshotId(guids.getFirst(), guids.getLast()));
                default -> strangers.add(path.toString());
            }
        });
        return new PoolDriver.Inventory(datasets, snapshots, strangers);
    }

    /** The guids in a path of our layout; none when it isn't one of it. A {@code next} belongs to its dataset. */
    private static List<Guid> guids(Path path) {
        if (path.getNameCount() != 3) {
            return List.of();
        }
        Optional<Guid> first = Guid.parse(path.getName(1).toString());
        String last = path.getName(2).toString();
        if (path.startsWith(BtrfsDriver.DATASETS) && (last.equals(BtrfsDriver.LIVE) || last.equals(BtrfsDriver.NEXT))) {
            return first.map(List::of).orElse(List.of());
        }
        Optional<Guid> second = Guid.parse(last);
        return path.startsWith(BtrfsDriver.SNAPSHOTS) && first.isPresent() && second.isPresent()
                ? List.of(first.get(), second.get())
                : List.of();
    }

    /** The ids of the subvolumes that lie in the top one, by their paths in it. */
    Map<Path, Long> subvolumes() {
        var directories = new HashMap<Long, Path>();
        for (Path kind : List.of(BtrfsDriver.DATASETS, BtrfsDriver.SNAPSHOTS)) {
            try (Stream<Path> entries = Files.list(top.resolve(kind))) {
                entries.forEach(entry -> directories.put(inode(entry), top.relativize(entry)));
            } catch (IOException e) {
                throw new UncheckedIOException("list " + top.resolve(kind) + ": " + e, e);
            }
        }
        var found = new HashMap<Path, Long>();
        for (BtrfsTrees.Place place : BtrfsTrees.subvolumes(fd)) {
            if (place.parent() == TOP_SUBVOLUME) {
                Path directory = directories.getOrDefault(place.directory(), Path.of("elsewhere"));
                found.put(directory.resolve(place.name()), place.id());
            }
        }
        return found;
    }

    private static long inode(Path path) {
        try {
            return (Long) Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw new UncheckedIOException("stat " + path + ": " + e, e);
        }
    }
}
