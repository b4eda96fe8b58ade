package zonda.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.RootDirectory;
import zonda.kvm.Machine;
import zonda.kvm.Tpm;
import zonda.storage.Allotment;
import zonda.storage.DatasetOptions;
import zonda.storage.Datasets;
import zonda.storage.VolumeShape;
import zonda.zones.IdRange;
import zonda.zones.InitProgram;

/** The datasets of hardware VMs: a small root for the emulator's zone, and a volume for each disk. */
final class HvmDatasets {
    private static final int OWNER_ONLY = 0700;
    /** What the host's programs need to find each other. */
    private static final List<String> LINKS = List.of("bin", "lib", "lib64", "sbin");

    /** The disk CIDATA, below the VM's root. */
    static final String SEED = "cidata";

    /** What its TPM keeps, there too. */
    private static final String TPM = Tpm.STATE.toString().substring(1);

    private static final System.Logger LOG = System.getLogger(HvmDatasets.class.getName());

    private HvmDatasets() {}

    /** The most that the VM's root and what is below it may take; bhyve's disks and their snapshots are below it. */
    private static Optional<Bytes> quota(VmConfig vm) {
        long disks = vm.brand() == Brand.BHYVE
                ? flexible(vm).orElse(Disks.claimed(vm)).value()
                : 0;
        return vm.quota().map(quota -> Bytes.of(quota.value() + disks));
    }

    private static Optional<Bytes> flexible(VmConfig vm) {
        return vm.properties().integer("flexible_disk_size").map(Bytes::ofMiB);
    }

    /** A VM that says how much its disks and snapshots may take together is sure of that. */
    private static Optional<Bytes> reservation(VmConfig vm) {
        return flexible(vm)
                .map(disks ->
                        Bytes.of(disks.value() + vm.quota().map(Bytes::value).orElse(0L)));
    }

    /** Brings the limit of the VM's datasets, and what is kept free for them, to what the VM says. */
    static void allot(VmConfig vm, Datasets datasets) {
        Optional<Bytes> sure = reservation(vm);
        // What is reserved is never more than the quota, whichever of both grows.
        datasets.setAllotment(vm.dataset(), given -> given.reservation(Optional.empty()));
        datasets.setQuota(vm.dataset(), quota(vm));
        if (sure.isPresent()) {
            datasets.setAllotment(vm.dataset(), given -> given.reservation(sure));
        }
    }

    /** Makes what isn't there yet, and grows volumes to what the VM's disks say. */
    static void make(VmConfig vm, Datasets datasets) {
        DatasetOptions options = DatasetOptions.DEFAULT
                .mode(OWNER_ONLY)
                .allotment(Allotment.NONE.reservation(reservation(vm)))
                .tuning(Storing.possible(Storing.of(vm).root(), datasets));
        if (datasets.find(vm.dataset()).isEmpty()) {
            datasets.create(vm.dataset(), quota(vm).map(options::quota).orElse(options));
            vm.properties()
                    .string(KernelFiles.IMAGE)
                    .ifPresent(image -> KernelFiles.take(
                            datasets.directory(vm.zpool() + "/" + image + "@final")
                                    .resolve("root"),
                            datasets.mount(vm.dataset()).resolve("root")));
        }
        for (Disks.Kept disk : Disks.of(vm)) {
            disk.dataset().ifPresent(name -> make(disk, name, datasets));
        }
        layOut(datasets.mount(vm.dataset()).resolve("root"));
    }

    /** Whether volumes become smaller. */
    enum Shrinking {
        AS_SAID,
        /** A guest that runs may have written there. */
        NEVER
    }

    /** Makes, resizes and last destroys volumes, so that they are what the VM's disks say after a change. */
    static void reconcile(VmConfig before, VmConfig vm, Datasets datasets, Shrinking shrinking) {
        Map<String, Disks.Kept> wanted = volumes(vm);
        volumes(before).forEach((name, disk) -> {
            Optional<Disks.Kept> after = Optional.ofNullable(wanted.get(name));
            if (after.isPresent() && kept(after.get()) < kept(disk)) {
                // The VM's limit may be less than what was kept free before.
                datasets.setAllotment(
                        name, given -> given.refreservation(after.get().refreservation()));
            }
        });
        allot(vm, datasets);
        make(vm, datasets);
        volumes(before).forEach((name, disk) -> {
            Disks.Kept after = wanted.get(name);
            if (after == null) {
                datasets.destroyIfExists(name, true);
            } else if (shrinking == Shrinking.AS_SAID
                    && after.size().value() < disk.size().value()) {
                datasets.setVolumeSize(name, after.size());
            }
        });
    }

    private static long kept(Disks.Kept disk) {
        return disk.refreservation().map(Bytes::value).orElse(0L);
    }

    private static Map<String, Disks.Kept> volumes(VmConfig vm) {
        return Disks.of(vm).stream()
                .filter(disk -> disk.dataset().isPresent())
                .collect(Collectors.toMap(disk -> disk.dataset().orElseThrow(), disk -> disk));
    }

    private static void grow(Disks.Kept disk, String name, Datasets datasets) {
        if (datasets.volumeShape(name).orElseThrow().size().value()
                < disk.size().value()) {
            datasets.setVolumeSize(name, disk.size());
        }
    }

    private static void make(Disks.Kept disk, String name, Datasets datasets) {
        if (datasets.find(name).isEmpty()) {
            createWithHint(disk, name, datasets);
        } else {
            datasets.setAllotment(name, given -> given.refreservation(disk.refreservation()));
            datasets.setTuning(name, _ -> Storing.of(disk));
        }
        grow(disk, name, datasets);
    }

    private static void create(Disks.Kept disk, String name, Datasets datasets) {
        DatasetOptions options = DatasetOptions.DEFAULT
                .allotment(Allotment.NONE.refreservation(disk.refreservation()))
                .tuning(Storing.of(disk));
        if (disk.imageUuid().isEmpty()) {
            int block = (int) disk.properties().integer("block_size", VolumeShape.USUAL_BLOCK);
            datasets.create(name, options.volume(VolumeShape.of(disk.size(), block)));
            return;
        }
        String pool = name.substring(0, name.indexOf('/'));
        datasets.clone(pool + "/" + disk.imageUuid().get() + "@final", name, options);
    }

    /** As {@link #create}; when the pool hasn't the space that is kept free for the disk, the way out is said. */
    private static void createWithHint(Disks.Kept disk, String name, Datasets datasets) {
        try {
            create(disk, name, datasets);
        } catch (OpException e) {
            if (disk.refreservation().isPresent() && e.code() == Code.NO_SPACE) {
                throw new OpException(
                        e.code(),
                        e.getMessage() + " ("
                                + disk.refreservation().get().value()
                                        / Bytes.ofMiB(1).value()
                                + " MiB are to be kept free for the disk; with refreservation 0 it takes what is"
                                + " written to it)",
                        e);
            }
            throw e;
        }
    }

    /**
     * Makes these snapshots of a VM, all or none. Where there is no room for them beside what is kept free for a machine's
     * disks, nothing is kept free for those until {@link #keepFree} says so again.
     *
     * @param why as in "while it is sent"
     */
    static void snapshots(VmConfig vm, Datasets datasets, List<String> wanted, String why) {
        try {
            datasets.snapshots(wanted, Map.of());
        } catch (OpException e) {
            if (!vm.brand().isHvm() || e.code() != Code.NO_SPACE) {
                throw e;
            }
            LOG.log(
                    System.Logger.Level.WARNING,
                    "VM " + vm.uuid() + ": nothing is kept free for its disks " + why + ": " + e.getMessage());
            keepFree(vm, datasets, false);
            datasets.snapshots(wanted, Map.of());
        }
    }

    /** Keeps free for the disks what the VM says, or nothing; where there is no room for it, the log says so. */
    static void keepFree(VmConfig vm, Datasets datasets, boolean anything) {
        for (Map.Entry<String, Disks.Kept> disk : volumes(vm).entrySet()) {
            Optional<Bytes> wanted = anything ? disk.getValue().refreservation() : Optional.empty();
            try {
                if (datasets.has(disk.getKey())) {
                    datasets.setAllotment(disk.getKey(), given -> given.refreservation(wanted));
                }
            } catch (OpException e) {
                LOG.log(System.Logger.Level.WARNING, "VM " + vm.uuid() + ": " + e.getMessage());
            }
        }
    }

    /** The emulator's zone is the host's programs, and places for its sockets and what is mounted. */
    private static void layOut(Path root) {
        try {
            for (String directory : List.of("usr", "dev", "proc", "sys", "tmp", ".zonecontrol")) {
                Files.createDirectories(root.resolve(directory));
            }
            Files.setPosixFilePermissions(root.resolve("tmp"), PosixFilePermissions.fromString("rwxrwxrwx"));
            for (String link : LINKS) {
                if (!Files.exists(root.resolve(link), LinkOption.NOFOLLOW_LINKS)) {
                    Files.createSymbolicLink(root.resolve(link), Path.of("usr", link));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("lay out " + root + ": " + e, e);
        }
    }

    /**
     * Gives the VM's volumes, its firmware's variables, and its TPM's state, to who emulates it. Where volumes are devices
     * he gets nodes of his own.
     */
    static void hand(VmRecord vm, Datasets datasets, Path root) {
        try {
            for (String volume : datasets.hasDevices()
                    ? Set.<String>of()
                    : volumes(vm.config()).keySet()) {
                own(datasets.volume(volume), hostId(vm.ids()));
            }
            Machine.Firmware firmware = HvmSpecs.firmware(vm.config());
            if (firmware.variables().isPresent()) {
                makeVariables(root.resolve(firmware.variables().get()), firmware.freshVariables());
            }
            if (HvmSpecs.hasTpm(vm.config())) {
                makeTpm(root.resolve(TPM));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("hand the disks of VM " + vm.uuid() + " to its emulator: " + e, e);
        }
    }

    private static void makeVariables(Path variables, Path initial) throws IOException {
        if (!Files.exists(variables)) {
            // Whole or not there: a firmware that finds half of them does not start.
            Path fresh = variables.resolveSibling(variables.getFileName() + ".new");
            Files.copy(initial, fresh, StandardCopyOption.REPLACE_EXISTING);
            own(fresh, InitProgram.EMULATOR.uid());
            Files.move(fresh, variables, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private static void makeTpm(Path tpm) throws IOException {
        if (!Files.exists(tpm)) {
            Files.createDirectory(
                    tpm, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        own(tpm, InitProgram.EMULATOR.uid());
    }

    /** Writes what a guest reads about itself on a disk, as the VM is at this boot. @return whether it has such a disk */
    static boolean seed(VmConfig vm, Path root) {
        Path seed = root.resolve(SEED);
        try {
            if (!NoCloud.isWanted(vm)) {
                Files.deleteIfExists(seed);
                return false;
            }
            Path fresh = root.resolve(SEED + ".new");
            Files.deleteIfExists(fresh);
            Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r--------")));
            Files.write(fresh, NoCloud.disk(vm));
            own(fresh, InitProgram.EMULATOR.uid());
            Files.move(fresh, seed, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException("write " + seed + ": " + e, e);
        }
    }

    /** The host's id of who emulates a VM with these ids. */
    static long hostId(IdRange ids) {
        return ids.base() + InitProgram.EMULATOR.uid();
    }

    private static void own(Path file, long id) throws IOException {
        Files.setAttribute(file, "unix:uid", (int) id, LinkOption.NOFOLLOW_LINKS);
        Files.setAttribute(file, "unix:gid", (int) id, LinkOption.NOFOLLOW_LINKS);
    }

    /** Destroys what a machine boots from: the volume of its first disk, its firmware's variables and what its TPM keeps. */
    static void destroySystem(VmConfig vm, Datasets datasets) {
        Disks.of(vm).getFirst().dataset().ifPresent(name -> datasets.destroyIfExists(name, true));
        try (RootDirectory root =
                RootDirectory.open(datasets.mount(vm.dataset()).resolve("root"))) {
            for (Machine.Firmware firmware : Machine.Firmware.values()) {
                firmware.variables().ifPresent(root::delete);
            }
            root.deleteTree(TPM);
        }
    }

    static void remove(VmConfig vm, Datasets datasets) {
        for (Disks.Kept disk : Disks.of(vm)) {
            disk.dataset().ifPresent(name -> datasets.destroyIfExists(name, true));
        }
    }
}
