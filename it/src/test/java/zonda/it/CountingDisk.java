package zonda.it;

/**
 * A disk's first sector, whose program counts its boots, in the sector itself, and says the count at the first serial
 * port: {@code boot 1} the first time, up to 9.
 */
final class CountingDisk {
    private static final int COUNTER = BootProgram.LOADED + 0x1f0;

    private CountingDisk() {}

    static byte[] sector() {
        return BootProgram.begin()
                .add(0xfe, 0x06, COUNTER, COUNTER >> 8) // inc byte [counter]
                .add(0xb8, 0x01, 0x03, 0xbb, 0x00, 0x7c) // mov ax, 0x301; mov bx, 0x7c00
                .add(0xb9, 0x01, 0x00, 0xb6, 0x00, 0xcd, 0x13) // mov cx, 1; mov dh, 0; int 0x13, which writes
                .toTheFirstSerialPort()
                .say("\nboot ")
                .add(0xa0, COUNTER, COUNTER >> 8, 0x04, '0', 0xee) // mov al, [counter]; add al, '0'; out dx, al
                .say(".\n")
                .rest()
                .sector();
    }
}
