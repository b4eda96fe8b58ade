package zonda.it.guest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import zonda.base.OpException;
import zonda.kernel.Command;

/** How QEMU runs a guest's instructions. */
enum Accelerator {
    KVM(List.of("-accel", "kvm", "-cpu", "host", "-smp", "2")),
    /** An old CPU: what is built on a newer one must run there, too. */
    TCG(List.of("-accel", "tcg,thread=multi,tb-size=512", "-cpu", "Nehalem", "-smp", "2"));

    private static final Duration PROBE = Duration.ofSeconds(5);
    private static final int PORT = 0xf4;
    private static final int VALUE = 0x10;
    /** What isa-debug-exit makes of the value. */
    private static final int EXIT = VALUE << 1 | 1;

    private final List<String> options;

    Accelerator(List<String> options) {
        this.options = options;
    }

    List<String> options() {
        return options;
    }

    /** KVM if it really runs code: on some machines /dev/kvm is there and guests hang. */
    static Accelerator best() {
        return Files.isWritable(Path.of("/dev/kvm")) && KVM.works(PROBE) ? KVM : TCG;
    }

    /** Whether a machine whose firmware is three instructions comes to their end. */
    boolean works(Duration limit) {
        Path firmware = firmware();
        try {
            List<String> argv = List.of(
                    Guest.QEMU.toString(),
                    "-nodefaults",
                    "-no-user-config",
                    "-display",
                    "none",
                    "-m",
                    "16",
                    "-bios",
                    firmware.toString(),
                    "-device",
                    "isa-debug-exit,iobase=" + PORT);
            return Command.of(argv)
                            .with(options.toArray(String[]::new))
                            .run(limit)
                            .status()
                    == EXIT;
        } catch (OpException e) {
            return false;
        } finally {
            delete(firmware);
        }
    }

    /** 64 KiB that end where a CPU begins, 16 bytes below the top: mov al, VALUE; out PORT, al; hlt. */
    private static Path firmware() {
        byte[] code = new byte[64 * 1024];
        Arrays.fill(code, (byte) 0xf4);
        byte[] start = {(byte) 0xb0, (byte) VALUE, (byte) 0xe6, (byte) PORT};
        System.arraycopy(start, 0, code, code.length - 16, start.length);
        try {
            return Files.write(Files.createTempFile("zonda-firmware-", ".bin"), code);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
