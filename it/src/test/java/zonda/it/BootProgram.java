package zonda.it;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A program for a processor as a BIOS leaves it, put together byte by byte, and the few steps that tests' are made of. */
final class BootProgram {
    static final int SECTOR = 512;
    /** Where a BIOS puts a disk's first sector. */
    static final int LOADED = 0x7c00;

    private final ByteArrayOutputStream code = new ByteArrayOutputStream();

    /** With segments of data that begin at 0. */
    static BootProgram begin() {
        return new BootProgram().add(0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0xfc); // xor ax, ax; mov ds and es, ax; cld
    }

    BootProgram add(int... bytes) {
        for (int value : bytes) {
            code.write(value);
        }
        return this;
    }

    /** Has DX for it. */
    BootProgram toTheFirstSerialPort() {
        return add(0xba, 0xf8, 0x03); // mov dx, 0x3f8
    }

    /** At the port in DX. */
    BootProgram say(String text) {
        for (byte letter : text.getBytes(StandardCharsets.US_ASCII)) {
            add(0xb0, letter, 0xee); // mov al, letter; out dx, al
        }
        return this;
    }

    /** Does nothing from here on. */
    BootProgram rest() {
        return add(0xf4, 0xeb, 0xfd); // hlt, for ever
    }

    int length() {
        return code.size();
    }

    byte[] bytes() {
        return code.toByteArray();
    }

    /** The first sector of a disk that boots it. */
    byte[] sector() {
        byte[] sector = Arrays.copyOf(bytes(), SECTOR);
        sector[SECTOR - 2] = (byte) 0x55;
        sector[SECTOR - 1] = (byte) 0xaa;
        return sector;
    }
}
