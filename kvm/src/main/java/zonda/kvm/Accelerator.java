package zonda.kvm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zonda.base.OpException;
import zonda.kernel.Command;

/** How QEMU runs a guest's instructions: qemu(1), -accel. */
public enum Accelerator {
    /** By the CPU itself. */
    KVM("kvm"),
    /** By translation: many times slower, and it works everywhere. */
    TCG("tcg,thread=multi"),
    /**
     * By translation, one processor after the other. QEMU before 8.1 can translate code while another processor writes it,
     * and run what was there before: Linux, which patches itself as it runs, then ends with {@code Oops: int3}.
     */
    TCG_IN_TURN("tcg,thread=single");

    private static final Path DEVICE = Path.of("/dev/kvm");
    private static final Duration PROBE = Duration.ofSeconds(5);
    private static final Pattern VERSION = Pattern.compile("version ([0-9]{1,4})\\.([0-9]{1,4})");
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
    public String option() {
        return option;
    }

    /**
     * KVM if it really runs code, found by trying: on some hosts /dev/kvm is there, and guests hang. Takes up to 5 s.
     */
    public static Accelerator best() {
        if (Files.isWritable(DEVICE) && KVM.works(PROBE)) {
            return KVM;
        }
        try {
            return translating(Command.of(Qemu.PROGRAM.toString(), "--version").check(PROBE));
        } catch (OpException e) {
            return TCG_IN_TURN;
        }
    }

    /** How the QEMU that says this of its version translates. */
    static Accelerator translating(String version) {
        Matcher found = VERSION.matcher(version);
        if (!found.find()) {
            return TCG_IN_TURN;
        }
        int major = Integer.parseInt(found.group(1));
        int minor = Integer.parseInt(found.group(2));
        return major > 8 || major == 8 && minor >= 1 ? TCG : TCG_IN_TURN;
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
