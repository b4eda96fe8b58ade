package zonda.storage;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.kernel.Btrfs;
import zonda.kernel.Command;
import zonda.kernel.Fd;

/**
 * The devices of a pool on btrfs, and changes to them. A change is written to the pool before anything is done, is done
 * by a thread of its own, and goes on after a crash: each of its steps looks first whether it is done.
 */
final class BtrfsDevices implements PoolDevices {
    private static final System.Logger LOG = System.getLogger(BtrfsDevices.class.getName());
    private static final Duration PROBE = Duration.ofSeconds(30);
    private static final int MOST_COPIES = 4;

    private final String pool;
    private final boolean isInFile;
    private final Fd fd;
    private final BtrfsTool btrfs;
    private final ChunkRoom room;
    private final Path file;
    private final InstantSource clock;
    private final BiConsumer<String, Json.Obj> whenChanged;
    private Optional<DeviceChange> change;
    private Optional<String> failure = Optional.empty();

    /** @param whenChanged gets a class of zpool-events(8) and its details */
    BtrfsDevices(PoolConfig config, InstantSource clock, BiConsumer<String, Json.Obj> whenChanged) {
        Path top = config.top();
        this.pool = config.name();
        this.isInFile = config.embedded();
        this.fd = Fd.openDirectory(top);
        this.btrfs = new BtrfsTool(top, Btrfs.filesystem(fd).uuid());
        this.room = new ChunkRoom(fd, btrfs);
        this.file = top.resolve(".zonda/device-change.json");
        this.clock = clock;
        this.whenChanged = whenChanged;
        this.change = StateFile.readObject(file).map(DeviceChange::of);
    }

    @Override
    public void resume() {
        change.ifPresent(this::carryOut);
    }

    @Override
    public Optional<Resilver> resilver() {
        return underWay()
                .map(now -> new Resilver(
                        now.kind(),
                        now.began(),
                        btrfs.replaced().or(btrfs::converted).orElse(0.0)));
    }

    private synchronized Optional<DeviceChange> underWay() {
        return change;
    }

    @Override
    public synchronized Optional<String> failure() {
        return failure;
    }

    @Override
    public int copies() {
        return layout().copies();
    }

    @Override
    public int intendedCopies() {
        return layout().intendedCopies();
    }

    private Layout layout() {
        return Layout.of(Btrfs.filesystem(fd).uuid());
    }

    @Override
    public void attach(String existing, String device, boolean force) {
        require("attach " + device + " to " + existing, existing);
        requireBlank(device, force);
        int copies = intendedCopies() + 1;
        boolean spread = members().size() > intendedCopies();
        if (copies > MOST_COPIES || spread) {
            throw notPossible(
                    "attach " + device + " to " + existing,
                    spread ? "its copies are spread over more devices already" : "btrfs keeps up to four copies");
        }
        begin(new DeviceChange("attach", clock.instant(), List.of(device), Optional.empty(), copies));
    }

    @Override
    public void detach(String device) {
        Btrfs.Device gone = require("detach " + device, device);
        int copies = intendedCopies();
        if (copies < 2 || members().size() != copies) {
            throw new OpException(
                    Code.INVALID, "cannot detach " + device + ": only applicable to mirror and replacing vdevs");
        }
        begin(new DeviceChange("detach", clock.instant(), List.of(), Optional.of(gone.id()), copies - 1));
    }

    @Override
    public void add(List<String> devices, boolean force) {
        devices.forEach(device -> requireBlank(device, force));
        if (devices.size() < intendedCopies() && !force) {
            throw new OpException(
                    Code.INVALID,
                    "invalid vdev specification\nuse '-f' to override the following errors:\n"
                            + "mismatched replication level: pool uses mirror and new vdev is disk");
        }
        begin(new DeviceChange("add", clock.instant(), devices, Optional.empty(), intendedCopies()));
    }

    @Override
    public void offline(String device, boolean untilOpened) {
        throw switchedOff("offline", device);
    }

    @Override
    public void online(String device, boolean grow) {
        throw switchedOff("online", device);
    }

    /** A device that btrfs did without for a while would come back with old data. */
    private static OpException switchedOff(String verb, String device) {
        return new OpException(
                Code.NOT_SUPPORTED,
                "cannot " + verb + " " + device
                        + ": not supported by the driver btrfs; zpool detach takes a device out, and zpool replace puts"
                        + " another in its place");
    }

    @Override
    public void remove(String device) {
        Btrfs.Device gone = require("remove " + device, device);
        if (members().size() <= intendedCopies()) {
            throw new OpException(
                    Code.INVALID,
                    "cannot remove " + device + ": too few devices would be left for the copies that the pool keeps"
                            + (intendedCopies() > 1 ? "; zpool detach gives one copy up" : ""));
        }
        begin(new DeviceChange("remove", clock.instant(), List.of(), Optional.of(gone.id()), intendedCopies()));
    }

    @Override
    public void replace(String old, String device, boolean force) {
        Btrfs.Device gone = require("replace " + old + " with " + device, old);
        requireBlank(device, force);
        if (sizeOf(device) < gone.totalBytes()) {
            throw new OpException(Code.INVALID, "cannot replace " + old + " with " + device + ": device is too small");
        }
        begin(new DeviceChange("replace", clock.instant(), List.of(device), Optional.of(gone.id()), intendedCopies()));
    }

    @Override
    public synchronized void await() {
        while (change.isPresent() && failure.isEmpty()) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new OpException(Code.FAILED, "interrupted", e);
            }
        }
        failure.ifPresent(why -> {
            throw new OpException(Code.FAILED, why);
        });
    }

    private synchronized void begin(DeviceChange next) {
        if (isInFile) {
            throw notPossible(next.kind(), "pool '" + pool + "' is in a file, for evaluation");
        }
        change.ifPresent(now -> {
            throw new OpException(
                    Code.CONFLICT,
                    "cannot " + next.kind() + ": zpool " + now.kind() + " of pool '" + pool + "' is under way");
        });
        StateFile.replace(file, next.toJson());
        change = Optional.of(next);
        failure = Optional.empty();
        carryOut(next);
    }

    private void carryOut(DeviceChange next) {
        whenChanged.accept("sysevent.fs.zfs.resilver_start", Json.object());
        Thread.ofVirtual().name("devices-" + pool).start(() -> {
            try {
                steps(next);
                done(Optional.empty());
                whenChanged.accept("sysevent.fs.zfs.resilver_finish", Json.object());
            } catch (RuntimeException e) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "zpool " + next.kind() + " of pool " + pool + ": " + e.getMessage());
                done(Optional.of(String.valueOf(e.getMessage())));
            }
        });
    }

    private void steps(DeviceChange next) {
        btrfs.awaitIdle();
        List<String> coming =
                next.add().stream().filter(device -> find(device).isEmpty()).toList();
        if (next.copies() != copies()) {
            room.require(next, coming.size());
        }
        if (next.isReplace()) {
            replaceStep(next);
        } else {
            coming.forEach(btrfs::add);
        }
        boolean last =
                next.remove().isPresent() && !next.isReplace() && members().size() == 2;
        btrfs.convert(next.copies(), last || members().size() == 1);
        if (!next.isReplace()) {
            next.remove()
                    .filter(id -> members().stream().anyMatch(member -> member.id() == id))
                    .ifPresent(id -> btrfs.remove(String.valueOf(id)));
        }
    }

    private void replaceStep(DeviceChange next) {
        long id = next.remove().orElseThrow();
        String device = next.add().getFirst();
        if (find(device).isEmpty()) {
            btrfs.replace(id, device);
        }
        btrfs.useAll(id);
    }

    /** One that failed before it changed anything is over; the operator hears why, and may ask for it again. */
    private synchronized void done(Optional<String> why) {
        try {
            StateFile.delete(file);
        } finally {
            change = Optional.empty();
            failure = why;
            notifyAll();
        }
    }

    private List<Btrfs.Device> members() {
        return Btrfs.devices(fd);
    }

    /** By its path, with or without /dev, or by its id, which a missing one is shown by. */
    private Optional<Btrfs.Device> find(String word) {
        return members().stream()
                .filter(member -> String.valueOf(member.id()).equals(word)
                        || member.path().stream().anyMatch(path -> names(word).anyMatch(path::equals)))
                .findFirst();
    }

    private static Stream<String> names(String word) {
        return Stream.of(word, "/dev/" + word, realPath(word));
    }

    private static String realPath(String word) {
        try {
            return Path.of(word).toRealPath().toString();
        } catch (IOException e) {
            return word;
        }
    }

    private Btrfs.Device require(String what, String device) {
        return find(device)
                .orElseThrow(() -> new OpException(Code.NOT_FOUND, "cannot " + what + ": no such device in pool"));
    }

    private OpException notPossible(String what, String why) {
        return new OpException(Code.NOT_SUPPORTED, "cannot " + what + ": " + why + " (driver btrfs)");
    }

    /** @throws OpException INVALID in OpenZFS' words when there is something on it, or it is no disk */
    private void requireBlank(String device, boolean force) {
        Path path = Path.of(device);
        if (!path.isAbsolute() || !Files.exists(path)) {
            throw new OpException(Code.INVALID, "cannot open '" + device + "': no such device in /dev");
        }
        if (find(device).isPresent()) {
            throw new OpException(
                    Code.INVALID, "invalid vdev specification\n" + device + " is part of active pool '" + pool + "'");
        }
        String type = Command.of("blkid", "-p", "-o", "value", "-s", "TYPE", device)
                .run(PROBE)
                .out()
                .strip();
        if (!type.isEmpty() && !force) {
            throw new OpException(
                    Code.INVALID,
                    "invalid vdev specification\nuse '-f' to override the following errors:\n" + device
                            + " contains a filesystem of type '" + type + "'");
        }
    }

    private static long sizeOf(String device) {
        try (var channel = FileChannel.open(Path.of(device))) {
            return channel.size();
        } catch (IOException e) {
            throw new OpException(Code.INVALID, "cannot open '" + device + "': " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
