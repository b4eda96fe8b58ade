package zonda.vm;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Datasets;

/**
 * indestructible_zoneroot and indestructible_delegated of vmadm(8): a snapshot of the root, or of the dataset that is
 * delegated to the VM, that is held, so that nothing destroys the dataset, neither vmadm(8) nor zfs(8).
 */
final class Indestructible {
    static final String SNAPSHOT = "indestructible";
    private static final String HOLD = "do_not_destroy";

    private final Machinery machinery;

    Indestructible(Machinery machinery) {
        this.machinery = machinery;
    }

    /** What of a VM can be so. */
    enum Part {
        ZONEROOT("indestructible_zoneroot"),
        DELEGATED("indestructible_delegated");

        private final String property;

        Part(String property) {
            this.property = property;
        }

        boolean isSet(VmConfig vm) {
            return vm.properties().bool(property, false);
        }

        private String dataset(VmConfig vm) {
            return this == ZONEROOT ? vm.dataset() : Delegation.top(vm);
        }

        private String snapshot(VmConfig vm) {
            return dataset(vm) + "@" + SNAPSHOT;
        }

        /** @throws OpException CONFLICT saying that the VM can't be deleted, or what else the verb is */
        void refuse(VmConfig vm, String verb) {
            if (isSet(vm)) {
                throw new OpException(Code.CONFLICT, property + " is set, cannot " + verb);
            }
        }
    }

    /** What of the VM is so. */
    static Set<Part> of(VmConfig vm) {
        Set<Part> set = EnumSet.noneOf(Part.class);
        for (Part part : Part.values()) {
            if (part.isSet(vm)) {
                set.add(part);
            }
        }
        return set;
    }

    /** Makes the datasets as the properties say; fine when they are. */
    void apply(VmConfig vm) {
        for (Part part : Part.values()) {
            if (part.isSet(vm)) {
                protect(vm, part);
            } else {
                release(vm, part);
            }
        }
    }

    private void protect(VmConfig vm, Part part) {
        Datasets datasets = machinery.datasets(vm);
        if (datasets.find(part.dataset(vm)).isEmpty()) {
            return;
        }
        if (datasets.findSnapshot(part.snapshot(vm)).isEmpty()) {
            datasets.snapshot(part.dataset(vm), SNAPSHOT);
        }
        if (!isHeld(datasets, part.snapshot(vm))) {
            datasets.hold(HOLD, List.of(part.snapshot(vm)));
        }
    }

    /** All may be destroyed again, or rolled back to an older snapshot. */
    void release(VmConfig vm) {
        for (Part part : Part.values()) {
            release(vm, part);
        }
    }

    private void release(VmConfig vm, Part part) {
        Datasets datasets = machinery.datasets(vm);
        String snapshot = part.snapshot(vm);
        datasets.findSnapshot(snapshot).ifPresent(one -> {
            one.holds().keySet().forEach(hold -> datasets.release(hold, List.of(snapshot)));
            datasets.destroy(snapshot, false);
        });
    }

    private static boolean isHeld(Datasets datasets, String snapshot) {
        return datasets.findSnapshot(snapshot)
                .filter(one -> one.holds().containsKey(HOLD))
                .isPresent();
    }
}
