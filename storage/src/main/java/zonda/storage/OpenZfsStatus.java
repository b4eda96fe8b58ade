package zonda.storage;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import zonda.base.Json;

/**
 * What {@code zpool status -j --json-int -P} says of one pool, zpool-status(8) of OpenZFS 2.3.
 *
 * @param vdevs devices and files, in the order of the pool
 * @param mirrors how many devices each of the top-level vdevs that hold data has a copy on; 1 for what isn't a mirror
 * @param complete whether no device is missing of a top-level vdev
 * @param scan the last scrub or resilver, or the one that runs
 */
record OpenZfsStatus(List<Vdev> vdevs, List<Integer> mirrors, boolean complete, Optional<Scan> scan) {
    private static final Set<String> MISSING = Set.of("UNAVAIL", "REMOVED", "FAULTED", "OFFLINE", "CANT_OPEN");
    private static final Set<String> SPLIT = Set.of("mirror", "replacing", "spare");

    OpenZfsStatus {
        vdevs = List.copyOf(vdevs);
        mirrors = List.copyOf(mirrors);
    }

    /**
     * A scan of all data.
     *
     * @param scrub whether it is a scrub, and not a resilver
     * @param state a word of OpenZFS': SCANNING, FINISHED, CANCELED
     * @param paused since when; empty when it isn't
     * @param total bytes to go over in all
     * @param done of them
     * @param repaired bytes that were bad and were written anew
     */
    record Scan(
            boolean scrub,
            String state,
            Instant began,
            Instant ended,
            Optional<Instant> paused,
            long total,
            long done,
            long repaired,
            long errors) {
        boolean runs() {
            return state.equals("SCANNING");
        }
    }

    static OpenZfsStatus parse(String text, String pool) {
        Json.Obj found = Json.parseObject(text).object("pools").object(pool);
        List<Vdev> vdevs = new ArrayList<>();
        List<Integer> mirrors = new ArrayList<>();
        boolean complete = true;
        for (Json.Obj top : children(found.object("vdevs").object(pool))) {
            List<Vdev> own = new ArrayList<>();
            collect(top, own);
            vdevs.addAll(own);
            complete &= own.stream().noneMatch(Vdev::missing);
            mirrors.add(
                    top.string("vdev_type", "").equals("mirror") ? children(top).size() : 1);
        }
        return new OpenZfsStatus(vdevs, mirrors, complete, scan(found));
    }

    private static List<Json.Obj> children(Json.Obj vdev) {
        Json.Obj below = vdev.object("vdevs");
        return below.members().keySet().stream().map(below::object).toList();
    }

    private static void collect(Json.Obj vdev, List<Vdev> into) {
        List<Json.Obj> children = children(vdev);
        if (children.isEmpty() && !SPLIT.contains(vdev.string("vdev_type", ""))) {
            into.add(new Vdev(
                    vdev.string("path").orElseGet(() -> vdev.string("name", "")),
                    MISSING.contains(vdev.string("state", "")),
                    vdev.integer("read_errors", 0),
                    vdev.integer("write_errors", 0),
                    vdev.integer("checksum_errors", 0)));
        }
        children.forEach(child -> collect(child, into));
    }

    private static Optional<Scan> scan(Json.Obj pool) {
        if (!pool.has("scan_stats")) {
            return Optional.empty();
        }
        Json.Obj scan = pool.object("scan_stats");
        String function = scan.string("function", "NONE");
        if (!function.equals("SCRUB") && !function.equals("RESILVER")) {
            return Optional.empty();
        }
        long pause = scan.integer("scrub_pause", 0);
        return Optional.of(new Scan(
                function.equals("SCRUB"),
                scan.string("state", "NONE"),
                Instant.ofEpochSecond(scan.integer("start_time", 0)),
                Instant.ofEpochSecond(scan.integer("end_time", 0)),
                pause == 0 ? Optional.empty() : Optional.of(Instant.ofEpochSecond(pause)),
                Math.max(0, scan.integer("to_examine", 0) - scan.integer("skipped", 0)),
                scan.integer("issued_bytes_per_scan", 0) + scan.integer("issued", 0),
                scan.integer("processed", 0),
                scan.integer("errors", 0)));
    }
}
