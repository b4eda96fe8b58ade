package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Bytes;

/** A disk of a small tree, with GRUB's parts as marks: what is on it, and where. That it boots, a test of machines shows. */
class BootableDiskIT {
    private static final int SECTOR = 512;
    private static final int CORE = 2048;

    @TempDir
    Path directory;

    private Path tree;
    private BootableDisk disk;

    @BeforeEach
    void a_tree() throws IOException {
        for (String program : BootableDisk.TOOLS.keySet()) {
            assumeTrue(DebianMachine.isThere(program), "needs " + program);
        }
        tree = Files.createDirectory(directory.resolve("tree"));
        put("usr/lib/grub/i386-pc/boot.img", filled(SECTOR, 'b'));
        put("boot/grub/i386-pc/core.img", filled(3 * SECTOR, 'c'));
        put("boot/grub/load.cfg", "search\n".getBytes(StandardCharsets.US_ASCII));
        put("usr/lib/shim/shimx64.efi.signed", "the loader".getBytes(StandardCharsets.US_ASCII));
        put("usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed", "what it loads".getBytes(StandardCharsets.US_ASCII));
        put("etc/name", "kept\n".getBytes(StandardCharsets.US_ASCII));
        disk = new BootableDisk(directory.resolve("disk"), Bytes.ofMiB(80), UUID.randomUUID());
    }

    private void put(String name, byte[] content) throws IOException {
        Path file = tree.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, content);
    }

    private static byte[] filled(int length, char with) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) with);
        return bytes;
    }

    private static long number(byte[] bytes, int at) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(at);
    }

    @Test
    void a_bios_finds_grub_and_grub_the_rest_of_itself() throws Exception {
        disk.make(tree);

        byte[] bytes = Files.readAllBytes(disk.file());
        assertThat(bytes).hasSize(80 << 20);
        assertThat(bytes[0]).isEqualTo((byte) 'b');
        assertThat(number(bytes, 0x5c)).isEqualTo(CORE);
        assertThat(bytes[440]).as("what a partition table has is not GRUB's").isNotEqualTo((byte) 'b');
        assertThat(Arrays.copyOfRange(bytes, 510, 512)).containsExactly(0x55, 0xaa);
        byte[] core = Arrays.copyOfRange(bytes, CORE * SECTOR, (CORE + 3) * SECTOR);
        assertThat(core[0]).isEqualTo((byte) 'c');
        assertThat(number(core, SECTOR - 12)).isEqualTo(CORE + 1);
        assertThat(core[3 * SECTOR - 1]).isEqualTo((byte) 'c');
        assertThat(TestHost.run("sfdisk", "--dump", disk.file().toString()).replace(" ", ""))
                .contains("label:gpt", "start=2048,size=2048,type=21686148-6449-6E6F-744E-656564454649");
        assertThat(TestHost.run("sfdisk", "--verify", disk.file().toString())).contains("No errors detected");
    }

    @Test
    void uefi_finds_a_loader_and_the_kernel_its_root() throws Exception {
        disk.make(tree);

        assertThat(TestHost.run("mtype", "-i", disk.file() + "@@2M", "::EFI/BOOT/BOOTX64.EFI"))
                .isEqualTo("the loader");
        assertThat(TestHost.run("mtype", "-i", disk.file() + "@@2M", "::EFI/BOOT/grubx64.efi"))
                .isEqualTo("what it loads");
        assertThat(TestHost.run("mtype", "-i", disk.file() + "@@2M", "::EFI/debian/grub.cfg"))
                .isEqualTo("search\n");
        Path root = directory.resolve("root");
        TestHost.run("dd", "if=" + disk.file(), "of=" + root, "bs=1M", "skip=64", "status=none");
        assertThat(TestHost.run("e2fsck", "-fn", root.toString())).contains("root:");
        assertThat(TestHost.run("debugfs", "-R", "cat /etc/name", root.toString()))
                .isEqualTo("kept\n");
        assertThat(TestHost.run("debugfs", "-R", "stats -h", root.toString()))
                .containsPattern("Filesystem UUID: +" + disk.filesystem())
                .doesNotContain("metadata_csum_seed");
        assertThat(disk.fstab()).startsWith("UUID=" + disk.filesystem() + " / ext4 ");
    }

    @Test
    void a_tree_that_does_not_fit_is_said_with_the_field_that_helps() throws Exception {
        put("large", filled(20 << 20, (char) 1));

        assertThatThrownBy(() -> disk.make(tree))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("can't be put on a disk of 80.0 MiB (image_size");
    }

    @Test
    void sizes_are_mebibytes_within_bounds() {
        assertThat(DebianMachine.size("")).isEqualTo(4096);
        assertThat(DebianMachine.size("10240")).isEqualTo(10240);
        for (String wrong : new String[] {"511", "10G", "-1", "99999999"}) {
            assertThatThrownBy(() -> DebianMachine.size(wrong)).hasMessageContaining("not \"" + wrong + "\"");
        }
    }
}
