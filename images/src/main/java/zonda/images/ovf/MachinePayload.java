package zonda.images.ovf;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Bytes;
import zonda.base.Json;

/**
 * The payload for vmadm(8) of a machine that an OVF descriptor tells of. Its disks' controllers become those that its
 * system has drivers for with the least doubt: IDE on the older board, AHCI or NVMe on the newer one.
 */
public final class MachinePayload {
    private static final int IDE_DISKS = 4;
    private static final long SMALLEST_MIB = 64;
    private static final String NIC_TAG = "stub0";

    private final Ovf machine;

    public MachinePayload(Ovf machine) {
        this.machine = machine;
    }

    /** @param images those of its disks, in their order; none for empty disks */
    public Json.Obj of(List<Optional<UUID>> images) {
        boolean isNewer = isNewer();
        List<Json.Obj> disks = new ArrayList<>();
        for (int i = 0; i < machine.disks().size(); i++) {
            disks.add(disk(machine.disks().get(i), images.get(i), isNewer, i == 0));
        }
        Json.Obj payload = Json.object().with("brand", isNewer ? "bhyve" : "kvm");
        String alias = machine.name().replaceAll("[^A-Za-z0-9_.-]+", "-").replaceFirst("^[^A-Za-z0-9]+", "");
        payload = alias.isEmpty() ? payload : payload.with("alias", alias);
        payload = payload.with("ram", Math.max(SMALLEST_MIB, machine.memory().toMiB()))
                .with("vcpus", machine.vcpus());
        payload = machine.isEfi() ? payload.with("bootrom", "uefi") : payload;
        return payload.with("disks", Json.Arr.of(disks.stream())).with("nics", Json.Arr.of(nics().stream()));
    }

    private boolean isNewer() {
        return machine.isEfi()
                || machine.disks().size() > IDE_DISKS
                || machine.disks().stream()
                        .anyMatch(disk ->
                                disk.controller() == Ovf.Controller.SATA || disk.controller() == Ovf.Controller.NVME);
    }

    private static Json.Obj disk(Ovf.Disk disk, Optional<UUID> image, boolean isNewer, boolean isFirst) {
        String model = switch (disk.controller()) {
            case VIRTIO -> "virtio";
            case NVME -> isNewer ? "nvme" : "ide";
            case IDE, SCSI, SATA -> isNewer ? "ahci" : "ide";
        };
        Json.Obj json = Json.object().with("model", model);
        json = isFirst ? json.with("boot", true) : json;
        if (image.isPresent()) {
            return json.with("image_uuid", image.get().toString());
        }
        return json.with(
                "size", Math.ceilDiv(disk.capacity().value(), Bytes.ofMiB(1).value()));
    }

    private List<Json.Obj> nics() {
        List<Json.Obj> nics = new ArrayList<>();
        for (String kind : machine.nics()) {
            Json.Obj nic = Json.object()
                    .with("nic_tag", NIC_TAG)
                    .with("ips", Json.Arr.ofStrings(List.of("dhcp")))
                    .with("model", model(kind.toLowerCase(Locale.ROOT)));
            nics.add(nics.isEmpty() ? nic.with("primary", true) : nic);
        }
        return nics;
    }

    /** VMXNET 3 is VMware's alone; what has a driver for it has one for the card of Intel's. */
    private static String model(String kind) {
        return kind.contains("virtio") ? "virtio" : kind.contains("pcnet") ? "rtl8139" : "e1000";
    }
}
