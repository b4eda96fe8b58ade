package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.NodeRecord.Mark;

/** The steps of a verb behind its point of no return: the verb does them, and recovery does them again. */
final class Finishing {
    /** What an extended attribute of btrfs surely holds, with its name, in one leaf of 16 KiB. */
    static final int LONGEST_ATTRIBUTE = 12_000;

    private final PoolDriver driver;

    Finishing(PoolDriver driver) {
        this.driver = driver;
    }

    /** A dataset whose subvolume is there: gives its top directory the mode asked for, and describes it. */
    void finish(Filesystem record) {
        record.options().volume().ifPresent(shape -> driver.makeVolume(record.guid(), shape.size()));
        if (record.options().mode().isPresent()) {
            Path directory = driver.mountSpec(record.guid()).directory();
            try {
                Files.setPosixFilePermissions(
                        directory, permissions(record.options().mode().getAsInt()));
            } catch (IOException e) {
                throw new UncheckedIOException("chmod " + directory + ": " + e, e);
            }
        }
        describe(record);
    }

    /** As {@link #finish}, after a crash: a mode that was set is left alone, since the dataset's user may have set another. */
    void finishAgain(Filesystem record) {
        if (driver.isDescribed(record.guid())) {
            describe(record);
        } else {
            finish(record);
        }
    }

    /** Writes the record onto the dataset itself. */
    void describe(Filesystem record) {
        String text = record.toJson().compact();
        driver.describe(
                record.guid(),
                text.length() <= LONGEST_ATTRIBUTE
                        ? text
                        : record.toJson().without("properties").compact());
    }

    /**
     * A snapshot that was received counts: its dataset, which isn't mounted, gets its content, and the place where it was
     * received goes.
     */
    void land(Frozen snapshot, List<Guid> accounts) {
        driver.rollback(snapshot.dataset(), snapshot.id(), accounts);
        driver.destroy(snapshot.home());
    }

    /** Destroys what a record speaks of; fine when it is gone already. */
    void destroy(NodeRecord record) {
        switch (record) {
            case Filesystem dataset -> driver.destroy(dataset.guid());
            case Frozen snapshot -> {
                driver.destroy(snapshot.id());
                if (snapshot.notes().arriving()) {
                    driver.destroy(snapshot.home());
                }
            }
            case Mark _ -> {}
        }
    }

    /** The nine bits of chmod(2). */
    private static Set<PosixFilePermission> permissions(int mode) {
        PosixFilePermission[] bits = PosixFilePermission.values();
        var set = EnumSet.noneOf(PosixFilePermission.class);
        for (int i = 0; i < bits.length; i++) {
            if ((mode & 0400 >> i) != 0) {
                set.add(bits[i]);
            }
        }
        return set;
    }
}
