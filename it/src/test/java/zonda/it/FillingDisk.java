package zonda.it;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A disk's first sector, whose program writes to the disk, from the second sector on, and says at the first serial port
 * {@code written} at the end, or {@code failed} when it is told of an error.
 */
final class FillingDisk {
    private static final int AT_ONCE = 64;
    private static final int PACKET_OFFSET = 0x1c0;
    private static final int PACKET = BootProgram.LOADED + PACKET_OFFSET;
    private static final int BLOCK_IN_PACKET = 8;

    private FillingDisk() {}

    /** @param mebibytes how much of the disk it writes to */
    static byte[] sector(int mebibytes) {
        int block = PACKET + BLOCK_IN_PACKET;
        int end = mebibytes * 2048 - AT_ONCE;
        var written = BootProgram.begin();
        int next = written.length();
        written.add(0xbe, PACKET, PACKET >> 8) // next: mov si, packet
                .add(0xb8, 0x00, 0x43, 0xcd, 0x13) // mov ax, 0x4300; int 0x13, which writes
                .add(0x72, 6 + 9 + 2 + 2) // jc failed, beyond the next four
                .add(0x66, 0x83, 0x06, block, block >> 8, AT_ONCE) // add dword [block], 64
                .add(
                        0x66,
                        0x81,
                        0x3e,
                        block,
                        block >> 8,
                        end,
                        end >> 8,
                        end >> 16,
                        end >> 24); // cmp dword [block], end
        written.add(0x72, next - written.length() - 2); // jb next
        var failed = new BootProgram().toTheFirstSerialPort().say("\nfailed.\n").rest();
        var whole = new BootProgram().toTheFirstSerialPort().say("\nwritten.\n").rest();
        written.add(0xeb, failed.length()).add(ints(failed.bytes())).add(ints(whole.bytes())); // jmp whole
        byte[] sector = written.sector();
        // Its size, how many sectors, from where in memory, to which sector on.
        ByteBuffer.wrap(sector)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort(PACKET_OFFSET, (short) 16)
                .putShort(PACKET_OFFSET + 2, (short) AT_ONCE)
                .putInt(PACKET_OFFSET + 4, 0x1000 << 16)
                .putLong(PACKET_OFFSET + BLOCK_IN_PACKET, 1);
        return sector;
    }

    private static int[] ints(byte[] bytes) {
        int[] ints = new int[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            ints[i] = bytes[i];
        }
        return ints;
    }
}
