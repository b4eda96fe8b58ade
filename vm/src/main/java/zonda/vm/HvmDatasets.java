package zonda.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kvm.Qemu;
import zonda.storage.Dataset;
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

    private static final String UEFI_VARIABLES = "uefi-variables";

    private HvmDatasets() {}

    /** The most that the VM's root and what is below it may take; bhyve's disks are below it. */
    static Optional<Bytes> quota(VmConfig vm) {
        long disks = vm.brand() == Brand.BHYVE
                ? Disks.of(vm).stream().mapToLong(disk -> disk.size().value()).sum()
                : 0;
        return vm.quota().map(quota -> Bytes.of(quota.value() + disks));
    }

    /** @throws OpException NOT_SUPPORTED on a pool whose volumes can't be shown in a zone yet */
    static void requireSupported(Datasets datasets) {
        if (!datasets.driverName().equals("btrfs")) {
            throw new OpException(
                    Code.NOT_SUPPORTED,
                    "hardware VMs on pools of driver " + datasets.driverName()
                            + " are not supported by this version of Zonda");
        }
    }

    /** Makes what isn't there yet, and grows volumes to what the VM's disks say. */
    static void make(VmConfig vm, Datasets datasets) {
        requireSupported(datasets);
        DatasetOptions options = DatasetOptions.DEFAULT.mode(OWNER_ONLY);
        if (datasets.find(vm.dataset()).isEmpty()) {
            datasets.create(vm.dataset(), quota(vm).map(options::quota).orElse(options));
        }
        for (Disks.Kept disk : Disks.of(vm)) {
            disk.dataset().ifPresent(name -> make(disk, name, datasets));
        }
        layOut(datasets.mount(vm.dataset()).resolve("root"));
    }

    /** Makes, grows and last destroys volumes, so that they are what the VM's disks say. */
    static void reconcile(VmConfig vm, Datasets datasets) {
        make(vm, datasets);
        datasets.setQuota(vm.dataset(), quota(vm));
        List<String> wanted =
                Disks.of(vm).stream().flatMap(disk -> disk.dataset().stream()).toList();
        datasets.list().stream()
                .map(Dataset::name)
                .filter(name -> isDisk(vm, name) && !wanted.contains(name))
                .forEach(name -> datasets.destroyIfExists(name, true));
    }

    private static boolean isDisk(VmConfig vm, String dataset) {
        return dataset.startsWith(vm.dataset())
                && dataset.substring(vm.dataset().length()).matches("[-/]disk[0-9]+");
    }

    private static void grow(Disks.Kept disk, String name, Datasets datasets) {
        try {
            if (Files.size(datasets.volume(name)) < disk.size().value()) {
                datasets.setVolumeSize(name, disk.size());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("look at volume " + name + ": " + e, e);
        }
    }

    private static void make(Disks.Kept disk, String name, Datasets datasets) {
        if (datasets.find(name).isEmpty()) {
            create(disk, name, datasets);
        }
        grow(disk, name, datasets);
    }

    private static void create(Disks.Kept disk, String name, Datasets datasets) {
        if (disk.imageUuid().isEmpty()) {
            int block = (int) disk.properties().integer("block_size", VolumeShape.USUAL_BLOCK);
            datasets.create(name, DatasetOptions.DEFAULT.volume(VolumeShape.of(disk.size(), block)));
            return;
        }
        String pool = name.substring(0, name.indexOf('/'));
        datasets.clone(pool + "/" + disk.imageUuid().get() + "@final", name, DatasetOptions.DEFAULT);
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

    /** Gives the VM's volumes, and its firmware's variables, to who emulates it. */
    static void hand(VmRecord vm, Datasets datasets, Path root, boolean uefi) {
        long emulator = InitProgram.EMULATOR.uid();
        try {
            for (Disks.Kept disk : Disks.of(vm.config())) {
                if (disk.dataset().isPresent()) {
                    own(datasets.volume(disk.dataset().get()), hostId(vm.ids()));
                }
            }
            Path variables = root.resolve(UEFI_VARIABLES);
            if (uefi && !Files.exists(variables)) {
                Files.copy(Qemu.UEFI_VARIABLES, variables);
                own(variables, emulator);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("hand the disks of VM " + vm.uuid() + " to its emulator: " + e, e);
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

    static void remove(VmConfig vm, Datasets datasets) {
        for (Disks.Kept disk : Disks.of(vm)) {
            disk.dataset().ifPresent(name -> datasets.destroyIfExists(name, true));
        }
    }
}
