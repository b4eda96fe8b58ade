package zonda.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import zonda.base.Bytes;
import zonda.kernel.Access;
import zonda.kernel.RootDirectory;

/**
 * A Debian system with a kernel of its own, on a disk that machines boot from: GRUB for a BIOS and for UEFI, cloud-init,
 * OpenSSH, QEMU's guest agent. It grows with its disk, has a console at the first serial port, and knows nobody until
 * cloud-init is told.
 */
final class DebianMachine {
    /** The kernel unless another is asked for: it has drivers for what QEMU emulates best. */
    private static final String KERNEL = "linux-image-cloud-amd64";

    private static final List<String> PACKAGES = List.of(
            "systemd-sysv",
            "systemd-resolved",
            "dbus",
            "udev",
            "iproute2",
            "login",
            "sudo",
            "openssh-server",
            "cloud-init",
            // cloud-init's way to the metadata service at the second serial port.
            "python3-serial",
            "cloud-guest-utils",
            "fdisk",
            "e2fsprogs",
            "qemu-guest-agent",
            "grub2-common",
            "grub-pc-bin",
            "grub-efi-amd64-bin",
            "grub-efi-amd64-signed",
            "shim-signed");

    /** The system before it is on the disk, beside that. */
    private static final String TREE = "system";

    private static final long USUAL_MIB = 4096;
    private static final long LEAST_MIB = 512;
    private static final long MOST_MIB = 1 << 24;

    /**
     * On SmartOS root's keys are those that a machine is given. The locale is one that is there, and takes no minutes to
     * generate; the package that grub-dpkg is about is not installed.
     */
    private static final String CLOUD = """
            disable_root: false
            locale: C.UTF-8
            grub_dpkg:
              enabled: false
            """;

    /**
     * Beside the file that cloud-init writes for a NIC: that of Debian 12 with fixed addresses counts as configured only
     * when no IPv6 router has answered for 12 seconds, and each boot waits for it, the first one twice. What routers say
     * is heard all the same, and addresses by DHCP are waited for.
     */
    private static final String READY = """
            [Network]
            ConfigureWithoutCarrier=yes
            """;

    /** The first of a machine, which cloud-init calls net0 and so on, as the machine's payload does. */
    private static final int NICS = 8;

    private final Mmdebstrap mmdebstrap;

    DebianMachine(Mmdebstrap mmdebstrap) {
        this.mmdebstrap = mmdebstrap;
    }

    /**
     * Reads the size of a disk in MiB.
     *
     * @param text the usual one if it is empty
     * @throws ImageException INVALID_ARGUMENT
     */
    static long size(String text) {
        if (text.isEmpty()) {
            return USUAL_MIB;
        }
        long mib = text.matches("[0-9]{1,9}") ? Long.parseLong(text) : 0;
        if (mib < LEAST_MIB || mib > MOST_MIB) {
            throw new ImageException(
                    ImageError.INVALID_ARGUMENT,
                    "image_size is the disk's size in MiB, from " + LEAST_MIB + " to " + MOST_MIB + ", not \"" + text
                            + "\"");
        }
        return mib;
    }

    /**
     * Puts the disk into an image's dataset.
     *
     * @throws ImageException as {@link Mmdebstrap#fill}, and FILE_SYSTEM when the disk is too small
     */
    void fill(Path dataset, Bytes size, Mmdebstrap.Wish wish, Progress progress) throws IOException {
        var disk = new BootableDisk(dataset.resolve(StreamImages.DISK), size, UUID.randomUUID());
        Path tree = Files.createDirectory(dataset.resolve(TREE));
        mmdebstrap.fill(tree, wish.with(packages(wish)), disk.loaders(), progress);
        try (Progress.Step _ = progress.begin("Make it a disk", 0);
                RootDirectory above = RootDirectory.open(dataset)) {
            try (RootDirectory root = RootDirectory.open(tree)) {
                finish(root, disk);
            }
            disk.make(tree);
            above.deleteTree(TREE);
        }
    }

    private static List<String> packages(Mmdebstrap.Wish wish) {
        boolean hasKernel = wish.include().stream().anyMatch(name -> name.startsWith("linux-image-"));
        return Stream.concat(PACKAGES.stream(), hasKernel ? Stream.empty() : Stream.of(KERNEL))
                .toList();
    }

    private static void finish(RootDirectory root, BootableDisk disk) {
        DebianRoot.forget(root);
        root.write("etc/hostname", "debian\n", Access.root(0644));
        root.write("etc/fstab", disk.fstab(), Access.root(0644));
        root.delete("etc/resolv.conf");
        root.symlink("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
        root.writeWithParents("etc/cloud/cloud.cfg.d/50-zonda.cfg", CLOUD, Access.root(0644));
        readyNics(root);
        List<String> keys = new ArrayList<>(root.list("etc/ssh"));
        keys.removeIf(name -> !name.startsWith("ssh_host_"));
        keys.forEach(name -> root.delete("etc/ssh/" + name));
    }

    /** @see #READY */
    static void readyNics(RootDirectory root) {
        for (int nic = 0; nic < NICS; nic++) {
            root.writeWithParents(
                    "etc/systemd/network/10-cloud-init-net" + nic + ".network.d/50-zonda.conf",
                    READY,
                    Access.root(0644));
        }
    }

    /** @throws ImageException NOT_SUPPORTED naming what is missing here */
    static void requireSupported() {
        if (!System.getProperty("os.arch", "").equals("amd64")) {
            throw new ImageException(ImageError.NOT_SUPPORTED, "Debian images for machines are made on amd64 only");
        }
        BootableDisk.TOOLS.forEach((program, debianPackage) -> {
            if (!isThere(program)) {
                throw new ImageException(
                        ImageError.NOT_SUPPORTED,
                        program + " is not there: install the Debian package " + debianPackage);
            }
        });
    }

    static boolean isThere(String program) {
        return Stream.of("/usr/bin", "/usr/sbin").map(Path::of).anyMatch(at -> Files.isExecutable(at.resolve(program)));
    }
}
