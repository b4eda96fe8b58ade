package zonda.it;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A disk's first sector, whose program counts its boots, in the sector itself, and says the count at the first serial
 * port: {@code boot 1} the first time, up to 9.
 */
final class CountingDisk {
    private static final int SECTOR = 512;
    private static final int COUNTER = 0x1f0;
    private static final int COUNTER_LOADED = 0x7c00 + COUNTER;

    private CountingDisk() {}

    static byte[] sector() {
        var code = ByteBuffer.allocate(SECTOR);
        add(code, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0); // xor ax, ax; mov ds, ax; mov es, ax
        add(code, 0xfe, 0x06, COUNTER_LOADED, COUNTER_LOADED >> 8); // inc byte [counter]
        add(code, 0xb8, 0x01, 0x03, 0xbb, 0x00, 0x7c); // mov ax, 0x301; mov bx, 0x7c00
        add(code, 0xb9, 0x01, 0x00, 0xb6, 0x00, 0xcd, 0x13); // mov cx, 1; mov dh, 0; int 0x13, which writes
        add(code, 0xba, 0xf8, 0x03); // mov dx, 0x3f8
        say(code, "\nboot ");
        add(code, 0xa0, COUNTER_LOADED, COUNTER_LOADED >> 8, 0x04, '0', 0xee); // mov al, [counter]; add al, '0'; out
        say(code, ".\n");
        add(code, 0xf4, 0xeb, 0xfd); // hlt, for ever
        return code.put(SECTOR - 2, (byte) 0x55).put(SECTOR - 1, (byte) 0xaa).array();
    }

    private static void say(ByteBuffer code, String text) {
        for (byte letter : text.getBytes(StandardCharsets.US_ASCII)) {
            add(code, 0xb0, letter, 0xee); // mov al, letter; out dx, al
        }
    }

    private static void add(ByteBuffer code, int... bytes) {
        for (int value : bytes) {
            code.put((byte) value);
        }
    }
}
