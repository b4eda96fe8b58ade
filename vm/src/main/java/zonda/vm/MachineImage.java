package zonda.vm;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import zonda.base.Bytes;
import zonda.base.Json;
import zonda.images.ImageError;
import zonda.images.ImageException;
import zonda.images.ImagesOfVms;

/** What of a machine becomes an image, and what the image's manifest says of the machine. */
final class MachineImage {
    private MachineImage() {}

    /**
     * The disk that it boots from; of a VM that names none, the first that is of an image, as on SmartOS, or else the first.
     *
     * @throws ImageException INVALID_ARGUMENT when it has none
     */
    static Disks.Kept disk(VmConfig vm) {
        List<Disks.Kept> disks = Disks.of(vm).stream()
                .filter(disk -> disk.dataset().isPresent() && !disk.isCdrom())
                .toList();
        return Stream.<Predicate<Disks.Kept>>of(
                        Disks.Kept::boots, disk -> disk.imageUuid().isPresent(), _ -> true)
                .flatMap(wanted -> disks.stream().filter(wanted))
                .findFirst()
                .orElseThrow(() -> new ImageException(
                        ImageError.INVALID_ARGUMENT,
                        "cannot create an image: VM " + vm.uuid() + " has no disk that one could be made of"));
    }

    /** @param place of a copy of its disk */
    static ImagesOfVms.Disk content(VmConfig vm, ImagesOfVms.Place place, Bytes size) {
        Disks.Kept disk = disk(vm);
        Optional<String> nic =
                vm.nics().stream().flatMap(one -> one.string("model").stream()).findFirst();
        Json.Obj machine = Json.object()
                .with("os", "other")
                .with("nic_driver", nic.orElse(vm.properties().string("nic_driver", "virtio")))
                .with("disk_driver", disk.model(vm.brand()).word())
                .with("cpu_type", vm.properties().string("cpu_type"))
                .with("requirements", Json.object().with("brand", vm.brand().word()));
        return new ImagesOfVms.Disk(
                place,
                disk.imageUuid().map(UUID::fromString),
                Math.ceilDiv(size.value(), Bytes.ofMiB(1).value()),
                machine);
    }
}
