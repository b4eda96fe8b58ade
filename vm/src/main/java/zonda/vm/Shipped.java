package zonda.vm;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.storage.Dataset;
import zonda.storage.Datasets;

/** What of a VM goes from host to host: its root, a machine's disks, and what is delegated to it. */
final class Shipped {
    private Shipped() {}

    /** What goes as a stream of its own. @param whole with the datasets below it */
    record Part(String dataset, boolean whole) {
        boolean has(String name) {
            return name.equals(dataset) || whole && name.startsWith(dataset + "/");
        }
    }

    static Stream<Part> parts(VmConfig vm) {
        Stream<Part> own = VmSnapshots.parts(vm).map(dataset -> new Part(dataset, false));
        return Delegation.isOf(vm) ? Stream.concat(own, Stream.of(new Part(Delegation.top(vm), true))) : own;
    }

    /** All of them that are there. */
    static List<String> datasets(Datasets datasets, VmConfig vm) {
        return parts(vm)
                .flatMap(part -> part.whole()
                        ? datasets.list(part.dataset()).stream().map(Dataset::name)
                        : Stream.of(part.dataset()))
                .filter(datasets::has)
                .toList();
    }

    /** Snapshots of that name of all datasets. */
    static List<String> snapshots(Datasets datasets, VmConfig vm, String name) {
        return datasets(datasets, vm).stream()
                .map(dataset -> dataset + "@" + name)
                .toList();
    }

    /**
     * Makes these snapshots, all or none. Where there is no room for them beside what is kept free for a machine's disks,
     * nothing is kept free for those until the snapshots are forgotten.
     */
    static void make(Datasets datasets, VmConfig vm, String name) {
        HvmDatasets.snapshots(vm, datasets, snapshots(datasets, vm, name), "while it is sent");
    }

    /** Takes them away, and what they took from a machine's disks is kept free for these again. */
    static void forget(Datasets datasets, VmConfig vm, String name) {
        for (String snapshot : snapshots(datasets, vm, name)) {
            if (datasets.findSnapshot(snapshot).isPresent()) {
                datasets.destroy(snapshot, false);
            }
        }
        HvmDatasets.keepFree(vm, datasets, true);
    }

    /** By which numbers the snapshots are known in streams. */
    static Set<Long> identities(Datasets datasets, VmConfig vm) {
        return datasets(datasets, vm).stream()
                .flatMap(dataset -> datasets.streams().identities(dataset).stream())
                .collect(Collectors.toSet());
    }
}
