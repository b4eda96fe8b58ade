package zonda.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import zonda.base.Json;

/** The devices of a pool of OpenZFS: its own zpool(8) changes them, says what is wrong with a request, and goes on after a crash. */
final class OpenZfsDevices implements PoolDevices {
    private final ZfsProgram zfs;
    private final String pool;
    private final BiConsumer<String, Json.Obj> whenChanged;

    OpenZfsDevices(ZfsProgram zfs, String pool, BiConsumer<String, Json.Obj> whenChanged) {
        this.zfs = zfs;
        this.pool = pool;
        this.whenChanged = whenChanged;
    }

    /** ZFS has done so. */
    @Override
    public void resume() {}

    @Override
    public Optional<Resilver> resilver() {
        return zfs.status(pool)
                .scan()
                .filter(scan -> !scan.scrub() && scan.runs())
                .map(scan -> new Resilver(
                        "resilver", scan.began(), scan.total() == 0 ? 0 : 100.0 * scan.done() / scan.total()));
    }

    /** A change that ZFS has accepted doesn't fail: it goes on until it is done. */
    @Override
    public Optional<String> failure() {
        return Optional.empty();
    }

    @Override
    public int copies() {
        OpenZfsStatus status = zfs.status(pool);
        int fewest = status.mirrors().stream().mapToInt(Integer::intValue).min().orElse(1);
        return status.complete() ? fewest : Math.max(1, fewest - 1);
    }

    @Override
    public int intendedCopies() {
        return zfs.status(pool).mirrors().stream()
                .mapToInt(Integer::intValue)
                .min()
                .orElse(1);
    }

    private void change(String verb, boolean force, List<String> operands) {
        List<String> words = new ArrayList<>(List.of("zpool", verb));
        if (force) {
            words.add("-f");
        }
        words.add(pool);
        words.addAll(operands);
        zfs.check(words);
        whenChanged.accept("sysevent.fs.zfs.config_sync", Json.object());
    }

    @Override
    public void attach(String existing, String device, boolean force) {
        change("attach", force, List.of(existing, device));
    }

    @Override
    public void detach(String device) {
        change("detach", false, List.of(device));
    }

    /** To a pool of mirrors comes a mirror. */
    @Override
    public void add(List<String> devices, boolean force) {
        List<String> words = new ArrayList<>();
        if (devices.size() > 1 && intendedCopies() > 1) {
            words.add("mirror");
        }
        words.addAll(devices);
        change("add", force, words);
    }

    @Override
    public void remove(String device) {
        change("remove", false, List.of(device));
    }

    @Override
    public void replace(String old, String device, boolean force) {
        change("replace", force, List.of(old, device));
    }

    @Override
    public void offline(String device, boolean untilOpened) {
        switched("offline", untilOpened ? "-t" : "", device);
    }

    @Override
    public void online(String device, boolean grow) {
        switched("online", grow ? "-e" : "", device);
    }

    private void switched(String verb, String option, String device) {
        zfs.check(Stream.of("zpool", verb, option, pool, device)
                .filter(word -> !word.isEmpty())
                .toList());
        whenChanged.accept("sysevent.fs.zfs.config_sync", Json.object());
    }

    @Override
    public void await() {
        zfs.check("zpool", "wait", "-t", "resilver,replace,remove", pool);
    }

    /** Nothing is held. */
    @Override
    public void close() {}
}
