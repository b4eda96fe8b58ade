package zonda.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.DatasetOptions;
import zonda.storage.Datasets;
import zonda.storage.Mountpoint;

/**
 * What a VM has on its pool: its root, or a machine's directory and disks, with a dataset for its cores mounted in it, and
 * what is delegated to it. Each step may find itself done or half done.
 */
final class VmDatasets {
    private static final System.Logger LOG = System.getLogger(VmDatasets.class.getName());
    private static final Bytes CORES_QUOTA = Bytes.ofGiB(100);
    private static final int OWNER_ONLY = 0700;

    private VmDatasets() {}

    /** All but the dataset for cores. */
    static void make(VmConfig vm, Datasets datasets) {
        if (vm.brand().isHvm()) {
            HvmDatasets.make(vm, datasets);
        } else {
            makeRoot(vm, datasets);
        }
        Delegation.make(vm, datasets);
    }

    private static void makeRoot(VmConfig vm, Datasets datasets) {
        if (datasets.find(vm.dataset()).isPresent()) {
            return;
        }
        DatasetOptions options = DatasetOptions.DEFAULT.mode(OWNER_ONLY);
        DatasetOptions rootOptions =
                vm.quota().map(options::quota).orElse(options).allotment(Delegation.limited(vm, options.allotment()));
        DatasetOptions tuned =
                rootOptions.tuning(Storing.possible(Storing.of(vm).root(), datasets));
        String image = vm.zpool() + "/" + vm.imageUuid().orElseThrow() + "@final";
        datasets.clone(image, vm.dataset(), tuned);
    }

    /** The dataset for cores, mounted in the other. Nothing of the VM needs it before its first program runs. */
    static void makeCores(VmConfig vm, Datasets datasets) {
        String parent = vm.zpool() + "/cores";
        if (datasets.find(parent).isEmpty()) {
            makeUnlessThere(datasets, parent);
        }
        if (datasets.find(vm.coresDataset()).isEmpty()) {
            Path place = zonepath(datasets, vm).resolve("cores");
            datasets.createUnmounted(
                    vm.coresDataset(),
                    DatasetOptions.DEFAULT.mode(OWNER_ONLY).quota(CORES_QUOTA).mountpoint(new Mountpoint.At(place)));
        }
        datasets.mount(vm.coresDataset());
    }

    /** Two first VMs may both find it missing. */
    private static void makeUnlessThere(Datasets datasets, String name) {
        try {
            datasets.create(name, DatasetOptions.DEFAULT.mode(OWNER_ONLY).mountpoint(new Mountpoint.None()));
        } catch (OpException e) {
            if (e.code() != Code.CONFLICT) {
                throw e;
            }
        }
    }

    /** Brings quotas, reservations and limits, and how data are stored, to what the VM's properties say. */
    static void allot(VmConfig vm, Datasets datasets) {
        if (vm.brand().isHvm()) {
            HvmDatasets.allot(vm, datasets);
        } else {
            datasets.setQuota(vm.dataset(), vm.quota());
        }
        datasets.setAllotment(vm.dataset(), given -> Delegation.limited(vm, given));
        Storing.of(vm).apply(vm, datasets);
    }

    static void remove(VmConfig vm, Datasets datasets) {
        Delegation.release(vm, datasets);
        datasets.destroyIfExists(vm.coresDataset(), true);
        datasets.destroyIfExists(vm.dataset(), true);
        Delegation.removeAside(vm, datasets);
        HvmDatasets.remove(vm, datasets);
        removePlace(datasets, vm);
    }

    /** The dataset for cores makes the directory that it is in when it is mounted before the root's is there. */
    private static void removePlace(Datasets datasets, VmConfig vm) {
        Path zonepath = zonepath(datasets, vm);
        try {
            Files.deleteIfExists(zonepath);
        } catch (DirectoryNotEmptyException e) {
            LOG.log(System.Logger.Level.WARNING, "of VM " + vm.uuid() + ": files are left in " + zonepath);
        } catch (IOException e) {
            throw new UncheckedIOException("remove " + zonepath + ": " + e, e);
        }
    }

    private static Path zonepath(Datasets datasets, VmConfig vm) {
        return datasets.mount(vm.zpool()).resolve(vm.uuid().toString());
    }
}
