package zonda.vm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kvm.Disk;
import zonda.kvm.PciSlot;
import zonda.kvm.Sectors;

/**
 * The disks of hardware VMs: what a payload says of them, completed and checked (vmadm(8), disks), and what of it a
 * machine is made of.
 */
final class Disks {
    private static final List<Disk.Model> OF_KVM = List.of(Disk.Model.VIRTIO, Disk.Model.SCSI, Disk.Model.IDE);
    private static final List<Disk.Model> OF_BHYVE = List.of(Disk.Model.VIRTIO, Disk.Model.AHCI, Disk.Model.NVME);
    private static final String IMAGES = "zvol";
    private static final String PATHS = "/dev/zvol/rdsk/";

    private final Surroundings host;
    private final RandomGenerator random;

    Disks(Surroundings host, RandomGenerator random) {
        this.host = host;
        this.random = random;
    }

    /** One of a VM's disks, as it is kept. */
    record Kept(UUID vm, Json.Obj properties) {
        String path() {
            return properties.string("path", "");
        }

        boolean isCdrom() {
            return properties.string("media", "disk").equals("cdrom");
        }

        /** The volume that was made for it, as a record of a SmartOS host has it, too; empty of what was there before. */
        Optional<String> dataset() {
            return properties
                    .string("zfs_filesystem")
                    .or(() -> Optional.of(path())
                            .filter(path -> path.startsWith(PATHS) && path.contains(vm.toString()))
                            .map(path -> path.substring(PATHS.length())));
        }

        Optional<String> imageUuid() {
            return properties.string("image_uuid");
        }

        Bytes size() {
            return Bytes.ofMiB(properties
                    .integer("size")
                    .or(() -> properties.integer("image_size"))
                    .orElse(0L));
        }

        /** What is kept free for it, if anything is. */
        Optional<Bytes> refreservation() {
            return properties.integer("refreservation").filter(size -> size > 0).map(Bytes::ofMiB);
        }

        /** Its place in the names of the VM's volumes; -1 of another. */
        int number() {
            String digits = path().replaceFirst("^.*disk(?=[0-9]{1,9}$)", "");
            return dataset().isPresent() && digits.matches("[0-9]{1,9}") ? Integer.parseInt(digits) : -1;
        }

        boolean boots() {
            return properties.bool("boot", false);
        }

        Sectors sectors() {
            return properties.string("guest_block_size").flatMap(Sectors::parse).orElse(Sectors.USUAL);
        }

        /** Where the guest finds it, if the VM says so. */
        Optional<PciSlot> slot() {
            return properties.string("pci_slot").flatMap(PciSlot::parse);
        }

        Disk.Model model(Brand brand) {
            return Disk.Model.find(properties.string("model", ""), models(brand))
                    .orElse(Disk.Model.VIRTIO);
        }
    }

    static List<Kept> of(VmConfig vm) {
        return vm.properties().array("disks").objects().stream()
                .map(disk -> new Kept(vm.uuid(), disk))
                .toList();
    }

    /** As large as all volumes are together. */
    static Bytes total(VmConfig vm) {
        return Bytes.of(of(vm).stream()
                .filter(disk -> disk.dataset().isPresent())
                .mapToLong(disk -> disk.size().value())
                .sum());
    }

    /** As {@link #total}, of a volume what is kept free for it if that is more. */
    static Bytes claimed(VmConfig vm) {
        return Bytes.of(of(vm).stream()
                .filter(disk -> disk.dataset().isPresent())
                .mapToLong(disk -> Math.max(
                        disk.size().value(),
                        disk.refreservation().map(Bytes::value).orElse(0L)))
                .sum());
    }

    static List<Disk.Model> models(Brand brand) {
        return brand == Brand.KVM ? OF_KVM : OF_BHYVE;
    }

    static String invalidModel(String model, Brand brand) {
        return "\"" + model + "\" is not a valid disk model for " + brand.word() + " brand. Valid are: "
                + Disk.Model.words(models(brand).toArray(Disk.Model[]::new));
    }

    /** The disks of a VM and those that are added to them. */
    List<Json> added(VmConfig vm, Json.Arr disks, Findings findings) {
        List<Json.Obj> all = new ArrayList<>(vm.properties().array("disks").objects());
        int next = of(vm).stream().mapToInt(Kept::number).max().orElse(-1) + 1;
        int index = 0;
        for (Json.Obj added : disks.objects()) {
            Json.Obj disk = Updates.withModel(vm.properties(), added, "disk_driver", "disks");
            all.add(new Completion(vm, disk, next + index, "add_disks." + index, findings).disk());
            index++;
        }
        return placed(vm, all, index);
    }

    /** The disks of a VM without those of these paths. */
    static List<Json> fewer(VmConfig vm, Json.Arr paths, Findings findings) {
        List<Json> left = new ArrayList<>(vm.properties().array("disks").items());
        for (String path : paths.strings()) {
            if (!left.removeIf(disk -> isAt(disk, path))) {
                findings.badValue("remove_disks", "no disk has path " + path);
            }
        }
        return left;
    }

    private static boolean isAt(Json disk, String path) {
        return disk instanceof Json.Obj object && object.string("path", "").equals(path);
    }

    /** The disks of a VM with changes to those that each names by its path. */
    static List<Json> updated(VmConfig vm, Json.Arr changes, Findings findings) {
        List<Json> all = new ArrayList<>(vm.properties().array("disks").items());
        for (Json.Obj change : changes.objects()) {
            String path = change.string("path", "");
            if (all.stream().noneMatch(disk -> isAt(disk, path))) {
                findings.badValue("update_disks", "no disk has path " + path);
            }
            all.replaceAll(disk -> isAt(disk, path) ? updated(vm, (Json.Obj) disk, change, findings) : disk);
        }
        return all;
    }

    private static Json.Obj updated(VmConfig vm, Json.Obj disk, Json.Obj change, Findings findings) {
        long before = new Kept(vm.uuid(), disk).size().value();
        boolean mayShrink = vm.brand() == Brand.BHYVE && change.bool("dangerous_allow_shrink", false);
        Json.Obj merged = Updates.merged(disk, change.without("dangerous_allow_shrink"));
        Json.Obj after = DiskSpace.changed(vm, disk, merged, change, findings);
        long size = new Kept(vm.uuid(), after).size().value();
        if (size == 0) {
            findings.badValue("update_disks.*.size");
        } else if (size < before && !mayShrink) {
            findings.badValue(
                    "update_disks.*.size",
                    "cannot resize disk: new size must be greater than current size. ("
                            + before / Bytes.ofMiB(1).value() + " > "
                            + size / Bytes.ofMiB(1).value() + ")");
        }
        return after;
    }

    /** Checks the disks of a VM as they are after an update. */
    void check(VmConfig vm, Findings findings) {
        List<Json.Obj> all = vm.properties().array("disks").objects();
        for (int i = 0; i < all.size(); i++) {
            new Completion(vm, all.get(i), i, "disks." + i, findings).model(all.get(i));
        }
        DiskPlaces.check(all, findings);
    }

    /** Notes what validate says of disks, at their place in the payload: whether each has an image or else a size. */
    void sources(String name, List<Json.Obj> disks, String pool, Findings findings) {
        for (int i = 0; i < disks.size(); i++) {
            if (disks.get(i).string("media", "disk").equals("disk")
                    && !disks.get(i).bool("nocreate", false)) {
                source(name + "." + i, disks.get(i), disks.get(i).string("zpool", pool), findings);
            }
        }
    }

    private void source(String at, Json.Obj disk, String pool, Findings findings) {
        if (disk.has("image_uuid")) {
            imageSize(at, disk, pool, findings);
        } else {
            ownSize(at, disk, findings);
        }
    }

    private static void ownSize(String at, Json.Obj disk, Findings findings) {
        if (!disk.has("size")) {
            findings.missing(at + ".size");
        } else if (disk.integer("size", 0) == 0) {
            findings.badValue(at + ".size");
        }
        for (String name : List.of("image_name", "image_size")) {
            if (disk.has(name)) {
                findings.badProperty(
                        at + "." + name, "warning: \"" + at + "." + name + "\" is ignored: the disk has no image_uuid");
            }
        }
    }

    /** The size in MiB of the image that a disk is made of, whose fitness is noted; 0 of one that is not there. */
    private long imageSize(String at, Json.Obj disk, String pool, Findings findings) {
        if (disk.has("size")) {
            findings.badProperty(
                    at + ".size",
                    "warning: \"" + at + ".size\" is not for disks of an image on SmartOS; here the disk grows to it");
        }
        if (disk.has("block_size")) {
            findings.badProperty(at + ".block_size", "warning: \"" + at + ".block_size\" is not for disks of an image");
        }
        String uuid = disk.string("image_uuid", "");
        Optional<Json.Obj> manifest = host.image(uuid, pool);
        if (manifest.isEmpty()) {
            findings.badValue(at + ".image_uuid", "Image " + uuid + " not found in zpool " + pool);
            return 0;
        }
        String type = manifest.get().string("type", "");
        if (!type.equals(IMAGES)) {
            findings.badValue(
                    at + ".image_uuid",
                    "image " + uuid + " is type " + type + ", but must be one of: [\"" + IMAGES + "\"]");
        }
        long size = manifest.get().integer("image_size", 0);
        if (disk.has("image_size") && disk.integer("image_size", 0) != size) {
            findings.badValue(at + ".image_size");
        }
        if (disk.has("size") && disk.integer("size", 0) < size) {
            // So it is called on SmartOS, whichever disk it is.
            findings.badValue(
                    "size",
                    at + ": image " + uuid + " is of " + size + " MiB, which a disk of " + disk.integer("size", 0)
                            + " MiB can't hold");
        }
        return size;
    }

    /** Completes the disks of a create, and notes what is wrong with them. */
    Json.Obj complete(VmConfig vm, Findings findings) {
        if (!vm.brand().isHvm()) {
            return vm.properties();
        }
        List<Json.Obj> complete = new ArrayList<>();
        List<Json.Obj> given = vm.properties().array("disks").objects();
        for (int i = 0; i < given.size(); i++) {
            complete.add(new Completion(vm, given.get(i), i, "disks." + i, findings).disk());
        }
        List<Json> placed = placed(vm, complete, given.size());
        DiskPlaces.check(new Json.Arr(placed).objects(), findings);
        return placed.isEmpty() ? vm.properties() : vm.properties().with("disks", new Json.Arr(placed));
    }

    private List<Json> placed(VmConfig vm, List<Json.Obj> disks, int made) {
        return vm.brand() == Brand.BHYVE ? DiskPlaces.complete(vm, disks, made, random) : List.copyOf(disks);
    }

    /** The disks of a VM that comes from another host: their volumes are in this VM's pool. */
    Json.Obj received(VmConfig vm, Findings findings) {
        if (!vm.brand().isHvm() || !vm.properties().has("disks")) {
            return vm.properties();
        }
        List<Json> all = new ArrayList<>();
        List<Json.Obj> sent = vm.properties().array("disks").objects();
        for (int i = 0; i < sent.size(); i++) {
            String at = "disks." + i;
            Json.Obj disk = new Completion(vm, sent.get(i), i, at, findings).model(sent.get(i));
            Optional<String> dataset = new Kept(vm.uuid(), disk).dataset();
            String below = dataset.orElse("").replaceFirst("^[^/]*/", "");
            if (dataset.isPresent() && !below.matches(vm.uuid() + "[-/]disk[0-9]{1,9}")) {
                findings.badValue(at + ".path", "\"" + dataset.get() + "\" is no disk of VM " + vm.uuid());
            }
            all.add(dataset.isPresent() ? placed(disk, vm.zpool(), vm.zpool() + "/" + below) : disk);
        }
        DiskPlaces.check(sent, findings);
        return vm.properties().with("disks", new Json.Arr(all));
    }

    private static Json.Obj placed(Json.Obj disk, String pool, String dataset) {
        return disk.with("path", PATHS + dataset)
                .with("zfs_filesystem", dataset)
                .with("zpool", pool);
    }

    /**
     * The VM with another image on the disk that it boots from; the disk stays as large as it is.
     *
     * @throws OpException FAILED saying why that can't be
     */
    VmConfig reprovisioned(VmConfig vm, String image) {
        List<Json.Obj> all = vm.properties().array("disks").objects();
        Json.Obj first = all.isEmpty() ? Json.Obj.EMPTY : all.getFirst();
        if (!first.bool("boot", false) || new Kept(vm.uuid(), first).dataset().isEmpty()) {
            throw new OpException(
                    Code.FAILED, "cannot reprovision: the VM's first disk must be a volume that it boots from");
        }
        var findings = new Findings();
        Json.Obj wanted = first.with("image_uuid", image).without("block_size").without("image_size");
        Json.Obj disk = new Completion(vm, wanted, 0, "disks.0", findings).ofImage(wanted, vm.zpool());
        findings.throwIfFatal(false);
        List<Json> after = new ArrayList<>(all);
        after.set(0, disk);
        return vm.with("disks", new Json.Arr(after));
    }

    /** One disk on its way from payload to record. */
    private final class Completion {
        private final VmConfig vm;
        private final Json.Obj given;
        private final String at;
        private final int index;
        private final Findings findings;

        Completion(VmConfig vm, Json.Obj given, int index, String at, Findings findings) {
            this.vm = vm;
            this.given = given;
            this.index = index;
            this.at = at;
            this.findings = findings;
        }

        Json.Obj disk() {
            Json.Obj disk = given.with("media", given.string("media", "disk"));
            boolean cdrom = disk.string("media", "").equals("cdrom");
            if (!cdrom && !disk.string("media", "").equals("disk")) {
                findings.rule("Invalid " + at + ".media: \"" + disk.string("media", "") + "\" (must be disk or cdrom)");
            }
            disk = model(disk);
            if (cdrom || disk.bool("nocreate", false)) {
                if (!disk.has("path")) {
                    findings.rule("Missing required property: " + at + ".path");
                }
                return disk.without("nocreate");
            }
            if (disk.has("path")) {
                findings.rule("you cannot specify a path for a disk unless you set nocreate=true");
            }
            return volume(disk);
        }

        private Json.Obj model(Json.Obj disk) {
            Optional<String> word =
                    disk.string("model").or(() -> vm.properties().string("disk_driver"));
            if (word.isEmpty()) {
                findings.rule("missing .model option for disk: " + given.compact());
                return disk;
            }
            if (Disk.Model.find(word.get(), models(vm.brand())).isEmpty()) {
                findings.rule(invalidModel(word.get(), vm.brand()));
            }
            blocks(disk.with("model", word.get()));
            DiskPlaces.check(disk.string("pci_slot", ""), findings);
            return disk.with("model", word.get());
        }

        private void blocks(Json.Obj disk) {
            Optional<String> size = disk.string("guest_block_size");
            Optional<Sectors> sectors = size.flatMap(Sectors::parse);
            if (size.isPresent() && sectors.isEmpty()) {
                findings.rule("Invalid guest_block_size: \"" + size.get()
                        + "\" (must be logical[/physical], powers of two from 512 to 131072)");
            }
            boolean impossible = disk.string("model", "").equals("ahci")
                    && sectors.filter(one -> one.logical() != Sectors.USUAL.logical())
                            .isPresent();
            if (impossible) {
                findings.rule("Invalid guest_block_size: a disk of model ahci has logical blocks of 512 bytes");
            }
        }

        private Json.Obj volume(Json.Obj disk) {
            String pool = disk.string("zpool", vm.zpool());
            String dataset = pool + "/" + vm.uuid() + (vm.brand() == Brand.KVM ? "-disk" : "/disk") + index;
            if (!pool.equals(vm.zpool())) {
                findings.rule(
                        host.poolExists(pool)
                                ? "a disk in another pool than its VM is not supported by this version of Zonda"
                                : "zpool \"" + pool + "\" does not exist");
                return disk;
            }
            Json.Obj placed = placed(disk, pool, dataset);
            return DiskSpace.complete(vm, disk.has("image_uuid") ? ofImage(placed, pool) : empty(placed));
        }

        private Json.Obj empty(Json.Obj disk) {
            ownSize(at, disk, findings);
            return disk;
        }

        private Json.Obj ofImage(Json.Obj disk, String pool) {
            long size = imageSize(at, disk, pool, findings);
            if (disk.has("block_size")) {
                findings.rule("setting both .block_size and .image_uuid on a volume is invalid");
            }
            return disk.with("image_size", size).with("size", disk.integer("size", size));
        }
    }
}
