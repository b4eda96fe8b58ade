package zonda.images;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import zonda.base.Bytes;
import zonda.base.OpException;
import zonda.kernel.Command;

/**
 * A disk with a Linux system that starts from a BIOS and from UEFI: a GUID partition table with a partition for GRUB's
 * core, one for UEFI, and last the system's, which can grow. It is made in a plain file, without mounts and devices.
 *
 * @param file of zeros alone, or not there yet
 * @param filesystem the UUID of the system's
 */
record BootableDisk(Path file, Bytes size, UUID filesystem) {
    /** The programs that this needs, and the Debian packages that they are in. */
    static final Map<String, String> TOOLS = Map.of(
            "mmdebstrap",
            "mmdebstrap",
            "sfdisk",
            "fdisk",
            "mke2fs",
            "e2fsprogs",
            "mformat",
            "mtools",
            "mcopy",
            "mtools");

    private static final Duration LIMIT = Duration.ofMinutes(20);
    private static final int SECTOR = 512;
    private static final long MIB = 1L << 20;
    /** Where the partitions begin, in MiB; each ends where the next begins, and the last one MiB before the end. */
    private static final long CORE_AT = 1;

    private static final long UEFI_AT = 2;
    private static final long SYSTEM_AT = 64;
    /** The part of a BIOS' boot sector that is code: behind it are the partitions. */
    private static final int BOOT_CODE = 440;
    /** Where GRUB's boot.img has the sector of the core's first part. */
    private static final int BOOT_SECTOR_FIELD = 0x5c;
    /** Where the core's first sector has the sector that the rest of it begins at. */
    private static final int CORE_SECTOR_FIELD = SECTOR - 12;

    private static final String CORE = "boot/grub/i386-pc/core.img";
    /** What the core, and GRUB for UEFI, do first: they go on with what is in the system. */
    private static final String CONFIG = "boot/grub/load.cfg";
    /** What Microsoft has signed, and what that starts of Debian's. */
    private static final String SHIM = "usr/lib/shim/shimx64.efi.signed";

    private static final String SIGNED = "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed";
    private static final String CONSOLES = "console=tty0 console=ttyS0,115200";

    /** What sh(1) does in the system's tree, its first argument, so that {@link #make} finds GRUB's parts there. */
    String loaders() {
        return """
                set -e
                cd "$1/boot"
                mkdir -p efi grub/i386-pc grub/x86_64-efi
                cat >../%3$s <<'END'
                search --no-floppy --fs-uuid --set=root %1$s
                set prefix=($root)/boot/grub
                configfile $prefix/grub.cfg
                END
                for kind in i386-pc x86_64-efi; do
                    cp ../usr/lib/grub/$kind/*.mod ../usr/lib/grub/$kind/*.lst grub/$kind/
                done
                chroot "$1" grub-mkimage -O i386-pc -p /boot/grub -c /%3$s -o /%2$s \\
                    biosdisk part_gpt ext2 search search_fs_uuid normal configfile linux
                cat >grub/grub.cfg <<'END'
                # update-grub replaces this one, which starts whatever kernel is the newest.
                # UEFI's console is on the serial ports already.
                if [ "$grub_platform" = pc ]; then
                    serial --unit=0 --speed=115200
                    terminal_input console serial
                    terminal_output console serial
                fi
                set timeout=1
                menuentry Debian {
                    search --no-floppy --fs-uuid --set=root %1$s
                    linux /vmlinuz root=UUID=%1$s ro %4$s
                    initrd /initrd.img
                }
                END
                mkdir -p ../etc/default
                cat >../etc/default/grub <<'END'
                GRUB_DEFAULT=0
                GRUB_TIMEOUT=1
                GRUB_DISTRIBUTOR=Debian
                GRUB_CMDLINE_LINUX="%4$s"
                # UEFI's console is on the serial ports already.
                GRUB_TERMINAL=$([ -d /sys/firmware/efi ] && echo console || echo "console serial")
                GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
                END
                chroot "$1" systemctl enable --quiet systemd-networkd.service
                """.formatted(filesystem, CORE, CONFIG, CONSOLES);
    }

    /** fstab(5) of the system. */
    String fstab() {
        return "UUID=" + filesystem + " / ext4 errors=remount-ro 0 1\n"
                + "LABEL=UEFI /boot/efi vfat umask=0077,noauto 0 0\n";
    }

    /**
     * Makes it of the system's tree.
     *
     * @throws ImageException FILE_SYSTEM when the tree does not fit
     */
    void make(Path tree) throws IOException {
        try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
            disk.setLength(size.value());
        }
        partition();
        uefi(tree);
        system(tree);
        bios(tree);
    }

    private void partition() {
        long end = size.value() / MIB - 1;
        String table = "label: gpt\n"
                + partition(14, CORE_AT, UEFI_AT, "21686148-6449-6E6F-744E-656564454649")
                + partition(15, UEFI_AT, SYSTEM_AT, "uefi")
                + partition(1, SYSTEM_AT, end, "linux");
        Command.of("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", "--wipe=never", file.toString())
                .input(table)
                .check(LIMIT);
    }

    private static String partition(int number, long from, long to, String type) {
        return "%d : start=%dMiB, size=%dMiB, type=%s%n".formatted(number, from, to - from, type);
    }

    /** What UEFI starts where no variable says otherwise, also where it must be signed. */
    private void uefi(Path tree) {
        String at = file + "@@" + UEFI_AT * MIB;
        long sectors = (SYSTEM_AT - UEFI_AT) * MIB / SECTOR;
        Command.of("mformat", "-i", at, "-F", "-h", "16", "-s", "63", "-T", String.valueOf(sectors), "-v", "UEFI", "::")
                .check(LIMIT);
        Command.of("mmd", "-i", at, "::EFI", "::EFI/BOOT", "::EFI/debian").check(LIMIT);
        Map.of(SHIM, "BOOT/BOOTX64.EFI", SIGNED, "BOOT/grubx64.efi", CONFIG, "debian/grub.cfg")
                .forEach((from, to) -> Command.of(
                                "mcopy", "-i", at, tree.resolve(from).toString(), "::EFI/" + to)
                        .check(LIMIT));
    }

    private void system(Path tree) {
        long kib = (size.value() / MIB - 1 - SYSTEM_AT) * 1024;
        try {
            // GRUB of Debian 12 can't read the features that are turned off.
            Command.of("mke2fs", "-q", "-F", "-t", "ext4", "-L", "root", "-U", filesystem.toString(), "-m", "1")
                    .with("-O", "^metadata_csum_seed,^orphan_file")
                    .with("-E", "offset=" + SYSTEM_AT * MIB + ",lazy_itable_init=1,assume_storage_prezeroed=1")
                    .with("-d", tree.toString(), file.toString(), kib + "k")
                    .check(LIMIT);
        } catch (OpException e) {
            throw new ImageException(
                    ImageError.FILE_SYSTEM,
                    "the system can't be put on a disk of " + size.human() + " (image_size is its size in MiB): "
                            + e.getMessage(),
                    e);
        }
    }

    /** GRUB's first sector goes where a BIOS starts, its core into the partition; each is told where the next part is. */
    private void bios(Path tree) throws IOException {
        long core = CORE_AT * MIB / SECTOR;
        byte[] first = Files.readAllBytes(tree.resolve("usr/lib/grub/i386-pc/boot.img"));
        sector(first, BOOT_SECTOR_FIELD, core);
        byte[] rest = Files.readAllBytes(tree.resolve(CORE));
        sector(rest, CORE_SECTOR_FIELD, core + 1);
        if (rest.length > (UEFI_AT - CORE_AT) * MIB) {
            throw new ImageException(ImageError.FILE_SYSTEM, "GRUB's core is too large: " + rest.length + " bytes");
        }
        try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
            disk.write(first, 0, BOOT_CODE);
            disk.seek(CORE_AT * MIB);
            disk.write(rest);
            disk.getFD().sync();
        }
    }

    private static void sector(byte[] image, int field, long sector) {
        ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).putLong(field, sector);
    }
}
