package zonda.vm;

import java.util.Optional;
import zonda.base.Json;

/**
 * What the manifest of the image that a VM boots from says of such VMs: the firmware of brand bhyve
 * ({@code requirements.bootrom}), and the data source of its cloud-init (the tag of SmartOS).
 */
final class ImageWishes {
    private static final String BOOT_ROM = "bootrom";
    private static final String DATA_SOURCE = "cloudinit_datasource";
    private static final String DATA_SOURCE_TAG = "org.smartos:" + DATA_SOURCE;
    private static final String METADATA = "internal_metadata";

    private final Surroundings host;

    ImageWishes(Surroundings host) {
        this.host = host;
    }

    /** The properties of a new VM with those that its image sets and the payload doesn't. */
    Json.Obj complete(VmConfig vm, Findings findings) {
        // Others tell of what is no image, and of a pool that isn't there.
        Optional<String> image = image(vm).filter(Values::isUuid).filter(_ -> host.poolExists(vm.zpool()));
        Json.Obj manifest = image.flatMap(uuid -> host.image(uuid, vm.zpool())).orElse(Json.Obj.EMPTY);
        Json.Obj complete = vm.properties();
        Optional<String> rom = manifest.object("requirements").string(BOOT_ROM);
        if (vm.brand() == Brand.BHYVE && rom.isPresent()) {
            String chosen = complete.string(BOOT_ROM).orElseGet(rom::get);
            if (!chosen.equals(rom.get())) {
                findings.badValue(
                        BOOT_ROM,
                        "bootrom can't be " + chosen + ": image " + image.orElse("") + " requires " + rom.get()
                                + ", which it is if none is given");
            }
            complete = complete.with(BOOT_ROM, chosen);
        }
        Optional<String> source = manifest.object("tags").string(DATA_SOURCE_TAG);
        Json.Obj internal = complete.object(METADATA);
        return source.isEmpty() || internal.has(DATA_SOURCE)
                ? complete
                : complete.with(METADATA, internal.with(DATA_SOURCE, source.get()));
    }

    /** Of a machine that of the disk it boots from, which is its first one where none says so. */
    private static Optional<String> image(VmConfig vm) {
        if (!vm.brand().isHvm()) {
            return vm.imageUuid();
        }
        return Disks.of(vm).stream()
                .filter(Disks.Kept::boots)
                .findFirst()
                .or(() -> Disks.of(vm).stream().findFirst())
                .flatMap(Disks.Kept::imageUuid);
    }
}
