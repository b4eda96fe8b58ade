package zonda.vm;

import java.util.List;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Datasets;

/**
 * indestructible_zoneroot of vmadm(8): a snapshot of the root that is held, so that nothing destroys the dataset, neither
 * vmadm(8) nor zfs(8).
 */
final class Indestructible {
    private static final String SNAPSHOT = "indestructible";
    private static final String HOLD = "do_not_destroy";

    private final Machinery machinery;

    Indestructible(Machinery machinery) {
        this.machinery = machinery;
    }

    static boolean isSet(VmConfig vm) {
        return vm.properties().bool("indestructible_zoneroot", false);
    }

    /** @throws OpException CONFLICT saying that the VM can't be deleted, or what else the verb is */
    static void refuse(VmConfig vm, String verb) {
        if (isSet(vm)) {
            throw new OpException(Code.CONFLICT, "indestructible_zoneroot is set, cannot " + verb);
        }
    }

    /** Makes the dataset as the property says; fine when it is. */
    void apply(VmConfig vm) {
        if (isSet(vm)) {
            protect(vm);
        } else {
            release(vm);
        }
    }

    private void protect(VmConfig vm) {
        Datasets datasets = machinery.datasets(vm);
        if (datasets.findSnapshot(snapshot(vm)).isEmpty()) {
            datasets.snapshot(vm.dataset(), SNAPSHOT);
        }
        if (!isHeld(datasets, vm)) {
            datasets.hold(HOLD, List.of(snapshot(vm)));
        }
    }

    /** The dataset may be destroyed again, or rolled back to an older snapshot. */
    void release(VmConfig vm) {
        Datasets datasets = machinery.datasets(vm);
        if (datasets.findSnapshot(snapshot(vm)).isEmpty()) {
            return;
        }
        if (isHeld(datasets, vm)) {
            datasets.release(HOLD, List.of(snapshot(vm)));
        }
        datasets.destroy(snapshot(vm), false);
    }

    private static boolean isHeld(Datasets datasets, VmConfig vm) {
        return datasets.findSnapshot(snapshot(vm))
                .filter(snapshot -> snapshot.holds().containsKey(HOLD))
                .isPresent();
    }

    private static String snapshot(VmConfig vm) {
        return vm.dataset() + "@" + SNAPSHOT;
    }
}
