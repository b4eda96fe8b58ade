package zonda.vm;

import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.storage.Datasets;
import zonda.storage.Snapshot;

/**
 * Snapshots of VMs: of the dataset with the root, and of a machine's disks with it, named {@code @vmsnap-NAME} as on
 * SmartOS. A machine stands still while they are made, so that its disks are of one moment. How much had been written
 * when each was made is kept in a property of the dataset.
 */
final class VmSnapshots {
    static final String PREFIX = "vmsnap-";
    private static final String SIZES = "zonda:vmsnaps";
    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_.:-]{1,64}");

    private final Machinery machinery;

    VmSnapshots(Machinery machinery) {
        this.machinery = machinery;
    }

    /**
     * One snapshot as {@code vmadm get} shows it.
     *
     * @param size what had been written since the snapshot before, or since the VM was made
     */
    record Shown(String name, Bytes size, Instant created) {
        Json.Obj toJson() {
            return Json.object()
                    .with("name", name)
                    .with("created_at", DateTimeFormatter.ISO_INSTANT.format(created.truncatedTo(ChronoUnit.MILLIS)))
                    .with("size", size.value() / Bytes.ofMiB(1).value());
        }
    }

    /** Newest first. */
    List<Shown> of(VmConfig vm) {
        return machinery
                .pool(vm)
                .filter(datasets -> datasets.has(vm.dataset()))
                .map(datasets -> of(vm, datasets))
                .orElse(List.of());
    }

    private static List<Shown> of(VmConfig vm, Datasets datasets) {
        List<Snapshot> all = ours(datasets, vm);
        if (all.isEmpty()) {
            return List.of();
        }
        Json.Obj used = sizes(datasets, vm);
        List<Shown> shown = new ArrayList<>();
        long before = 0;
        for (Snapshot snapshot : all) {
            String name = nameOf(snapshot);
            long now = used.integer(name, before);
            shown.addFirst(new Shown(name, Bytes.of(Math.max(0, now - before)), snapshot.created()));
            before = now;
        }
        return List.copyOf(shown);
    }

    private static List<Snapshot> ours(Datasets datasets, VmConfig vm) {
        return datasets.snapshots(vm.dataset()).stream()
                .filter(snapshot -> snapshot.shortName().startsWith(PREFIX))
                .toList();
    }

    private static String nameOf(Snapshot snapshot) {
        return snapshot.shortName().substring(PREFIX.length());
    }

    private static Json.Obj sizes(Datasets datasets, VmConfig vm) {
        return datasets.property(vm.dataset(), SIZES).map(Json::parseObject).orElse(Json.Obj.EMPTY);
    }

    /** @throws OpException INVALID for such a name, CONFLICT when there is one of it */
    void create(VmRecord vm, String name) {
        if (!NAME.matcher(name).matches()) {
            throw new OpException(
                    Code.INVALID,
                    "Invalid snapshot name \"" + name + "\": 1 to 64 letters, digits and any of -_.: are allowed");
        }
        VmConfig config = vm.config();
        Datasets datasets = machinery.datasets(config);
        if (datasets.findSnapshot(full(config, name)).isPresent()) {
            throw new OpException(Code.CONFLICT, "snapshot with name \"" + name + "\" already exists.");
        }
        long used = parts(config)
                .mapToLong(part -> datasets.usage(part).used().value())
                .sum();
        List<String> all = all(config, name).toList();
        machinery.still(config, () -> datasets.snapshots(all, Map.of()));
        keepSizes(datasets, config, sizes(datasets, config).with(name, used));
        if (!config.brand().isHvm()) {
            machinery.showCheckpoint(vm, name, full(config, name));
        }
    }

    /** @throws OpException NOT_FOUND when there is none of that name */
    void delete(VmRecord vm, String name) {
        VmConfig config = vm.config();
        Datasets datasets = machinery.datasets(config);
        require(datasets, config, name);
        if (!config.brand().isHvm()) {
            machinery.hideCheckpoint(vm, name);
        }
        // The root's is the last: as long as that is there, what was begun can be done again.
        all(config, name)
                .filter(one -> datasets.findSnapshot(one).isPresent())
                .toList()
                .reversed()
                .forEach(one -> datasets.destroy(one, false));
        keepSizes(datasets, config, sizes(datasets, config).without(name));
    }

    /** Of a VM that doesn't run: its root is as it was, and newer snapshots are gone. @throws OpException NOT_FOUND */
    void rollback(VmConfig vm, String name) {
        Datasets datasets = machinery.datasets(vm);
        require(datasets, vm, name);
        all(vm, name)
                .filter(one -> datasets.findSnapshot(one).isPresent())
                .toList()
                .reversed()
                .forEach(one -> datasets.rollback(one, true));
        Json.Obj before = sizes(datasets, vm);
        Json.Obj kept = Json.object();
        for (Snapshot left : ours(datasets, vm)) {
            Optional<Long> used = before.integer(nameOf(left));
            if (used.isPresent()) {
                kept = kept.with(nameOf(left), used.get());
            }
        }
        keepSizes(datasets, vm, kept);
    }

    /** Whether there is one of that name. @throws OpException NOT_FOUND otherwise */
    void require(VmConfig vm, String name) {
        require(machinery.datasets(vm), vm, name);
    }

    private static void require(Datasets datasets, VmConfig vm, String name) {
        boolean there = NAME.matcher(name).matches()
                && datasets.findSnapshot(full(vm, name)).isPresent();
        if (!there) {
            throw new OpException(Code.NOT_FOUND, "No snapshot named \"" + name + "\" for " + vm.uuid());
        }
    }

    /** Shows all of them in a zone that is about to run its first program. */
    void showAll(VmRecord vm, long initPid) {
        Datasets datasets = machinery.datasets(vm.config());
        for (Snapshot snapshot : ours(datasets, vm.config())) {
            machinery.showCheckpoint(vm, initPid, nameOf(snapshot), snapshot.name());
        }
    }

    private static void keepSizes(Datasets datasets, VmConfig vm, Json.Obj sizes) {
        datasets.setProperty(vm.dataset(), SIZES, sizes.compact());
    }

    private static String full(VmConfig vm, String name) {
        return vm.dataset() + "@" + PREFIX + name;
    }

    /** The datasets that a snapshot is of, the root's first. */
    static Stream<String> parts(VmConfig vm) {
        return Stream.concat(Stream.of(vm.dataset()), Disks.of(vm).stream().flatMap(disk -> disk.dataset().stream()));
    }

    /** Of a machine whose disk is to be another: none of its snapshots is whole any more. */
    void forgetAll(VmConfig vm) {
        Datasets datasets = machinery.datasets(vm);
        for (String part : parts(vm).toList().reversed()) {
            if (datasets.find(part).isPresent()) {
                datasets.snapshots(part).stream()
                        .filter(snapshot -> snapshot.shortName().startsWith(PREFIX))
                        .forEach(snapshot -> datasets.destroy(snapshot.name(), false));
            }
        }
        keepSizes(datasets, vm, Json.Obj.EMPTY);
    }

    private static Stream<String> all(VmConfig vm, String name) {
        return parts(vm).map(part -> part + "@" + PREFIX + name);
    }
}
