package zonda.kvm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import zonda.base.OpException;
import zonda.kernel.Command;

/** How QEMU runs a guest's instructions: qemu(1), -accel. */
public enum Accelerator {
    /** By the CPU itself. */
    KVM("kvm"),
    /** By translation: many times slower, and it works everywhere. */
    TCG("tcg,thread=multi");

    private static final Path DEVICE = Path.of("/dev/kvm");
    private static final Duration PROBE = Duration.ofSeconds(5);
    private static final int PORT = 0xf4;
    private static final int VALUE = 0x10;
    /** What QEMU's isa-debug-exit makes of the value. */
    private static final int EXIT = VALUE << 1 | 1;

    private static final int FIRMWARE_SIZE = 64 * 1024;
    private static final byte HALT = (byte) 0xf4;
    /** mov al, VALUE; out PORT, al. */
    private static final byte[] START = {(byte) 0xb0, (byte) VALUE, (byte) 0xe6, (byte) PORT};

    private final String option;

    Accelerator(String option) {
        this.option = option;
    }

    /** The word after {@code -accel}. */
    String option() {
        return option;
    }

    /**
     * KVM if it really runs code, found by trying: on some hosts /dev/kvm is there, and guests hang. Takes up to 5 s.
     */
    public static Accelerator best() {
        return Files.isWritable(DEVICE) && KVM.works(PROBE) ? KVM : TCG;
    }

    /** Whether a machine whose firmware is three instructions comes to their end. */
    public boolean works(Duration limit) {
        Path firmware = firmware();
        try {
            return Command.of(
                                    Qemu.PROGRAM.toString(),
                                    "-nodefaults",
                                    "-no-user-config",
                                    "-display",
                                    "none",
                                    "-accel",
                                    option,
                                    "-cpu",
                                    this == KVM ? "host" : "qemu64",
                                    "-smp",
                                    "2",
                                    "-m",
                                    "16",
                                    "-bios",
                                    firmware.toString(),
                                    "-device",
                                    "isa-debug-exit,iobase=" + PORT)
                            .run(limit)
                            .status()
                    == EXIT;
        } catch (OpException e) {
            return false;
        } finally {
            delete(firmware);
        }
    }

    /** It ends where a CPU begins, 16 bytes below its top. */
    private static Path firmware() {
        byte[] code = new byte[FIRMWARE_SIZE];
        Arrays.fill(code, HALT);
        System.arraycopy(START, 0, code, code.length - 16, START.length);
        try {
            return Files.write(Files.createTempFile("zonda-firmware-", ".bin"), code);
        } catch (IOException e) {
            throw new UncheckedIOException("make a firmware: " + e, e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("delete " + file + ": " + e, e);
        }
    }
}
