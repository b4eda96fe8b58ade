package zonda.it;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A CD that a BIOS boots ("El Torito"), whose program writes a word to the first serial port and resets the machine. */
final class BootableCd {
    private static final int SECTOR = 2048;
    private static final int DESCRIPTORS = 16;
    private static final int CATALOG = 19;
    private static final int PROGRAM = 20;
    private static final int BOOTABLE = 0x88;

    private BootableCd() {}

    static Path make(Path file, String word) throws IOException {
        var cd = ByteBuffer.allocate((PROGRAM + 1) * SECTOR).order(ByteOrder.LITTLE_ENDIAN);
        descriptor(cd, DESCRIPTORS, 1);
        descriptor(cd, DESCRIPTORS + 1, 0);
        cd.put((DESCRIPTORS + 1) * SECTOR + 7, "EL TORITO SPECIFICATION".getBytes(StandardCharsets.US_ASCII));
        cd.putInt((DESCRIPTORS + 1) * SECTOR + 0x47, CATALOG);
        descriptor(cd, DESCRIPTORS + 2, 0xff);
        // The validation entry, whose words sum up to 0, and the entry that boots.
        cd.put(CATALOG * SECTOR, (byte) 1);
        cd.putShort(CATALOG * SECTOR + 0x1e, (short) 0xaa55);
        cd.putShort(CATALOG * SECTOR + 0x1c, (short) -(0xaa55 + 1));
        cd.put(CATALOG * SECTOR + 0x20, (byte) BOOTABLE);
        cd.putShort(CATALOG * SECTOR + 0x26, (short) 4);
        cd.putInt(CATALOG * SECTOR + 0x28, PROGRAM);
        cd.put(PROGRAM * SECTOR, program(word + "\n"));
        return Files.write(file, cd.array());
    }

    private static void descriptor(ByteBuffer cd, int sector, int type) {
        cd.put(sector * SECTOR, (byte) type);
        cd.put(sector * SECTOR + 1, "CD001\1".getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] program(String text) {
        return new BootProgram()
                .toTheFirstSerialPort()
                .say(text)
                .add(0xb0, 0xfe, 0xe6, 0x64) // mov al, 0xfe; out 0x64, al
                .rest()
                .bytes();
    }
}
