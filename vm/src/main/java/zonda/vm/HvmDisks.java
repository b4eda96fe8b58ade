package zonda.vm;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kvm.Disk;
import zonda.kvm.Sectors;
import zonda.storage.Datasets;
import zonda.zones.ZoneSpec;

/**
 * A machine's disks at one boot.
 *
 * @param all as QEMU has them, in the order of the VM's
 * @param files of the host that some of them are
 * @param devices that others are: volumes of a pool that makes them so
 */
record HvmDisks(List<Disk> all, List<ZoneSpec.Volume> files, List<ZoneSpec.Device> devices) {
    private static final int SERIAL_LENGTH = 20;

    HvmDisks {
        all = List.copyOf(all);
        files = List.copyOf(files);
        devices = List.copyOf(devices);
    }

    /** @throws OpException NOT_FOUND naming the file of a CD that is not there */
    static HvmDisks of(VmRecord vm, Path zonepath, Datasets datasets, BootOnce once) {
        VmConfig config = vm.config();
        Path root = zonepath.resolve("root");
        List<Disk> all = new ArrayList<>();
        List<ZoneSpec.Volume> files = new ArrayList<>();
        List<ZoneSpec.Device> devices = new ArrayList<>();
        for (Disks.Kept disk : once.disks(config)) {
            Optional<Path> volume = disk.dataset().map(datasets::volume);
            if (volume.isPresent() && datasets.hasDevices()) {
                devices.add(HvmDevice.disk(vm, zonepath, all.size(), volume.get(), disk.path()));
            } else if (volume.isPresent()) {
                files.add(new ZoneSpec.Volume(volume.get(), disk.path(), false));
            } else if (!Files.exists(root.resolve(disk.path().substring(1)))) {
                files.add(new ZoneSpec.Volume(file(disk), disk.path(), disk.isCdrom()));
            }
            all.add(disk(config, disk, all.size()));
        }
        if (HvmDatasets.seed(config, root)) {
            all.add(seed());
        }
        return new HvmDisks(all, files, devices);
    }

    private static Path file(Disks.Kept disk) {
        Path file = Path.of(disk.path());
        if (!Files.exists(file)) {
            throw new OpException(
                    Code.NOT_FOUND, "disk " + disk.path() + " is neither in the VM's zone root nor on the host");
        }
        return file;
    }

    /** @param index of the disk among the VM's */
    static Disk disk(VmConfig vm, Disks.Kept disk, int index) {
        String serial = vm.uuid().toString().replace("-", "") + index;
        return new Disk(
                Path.of(disk.path()),
                disk.model(vm.brand()),
                disk.isCdrom() ? Disk.Media.CDROM : Disk.Media.DISK,
                disk.boots(),
                serial.substring(serial.length() - SERIAL_LENGTH),
                !disk.properties().bool("notrim", false),
                disk.sectors(),
                vm.brand() == Brand.BHYVE ? disk.slot() : Optional.empty());
    }

    private static Disk seed() {
        return new Disk(
                Path.of("/" + HvmDatasets.SEED),
                Disk.Model.VIRTIO,
                Disk.Media.SEED,
                false,
                NoCloud.LABEL.toLowerCase(Locale.ROOT),
                false,
                Sectors.USUAL,
                Optional.empty());
    }
}
