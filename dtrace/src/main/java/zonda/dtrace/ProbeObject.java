package zonda.dtrace;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The object of -G, for programs whose build links one: a relocatable ELF file without code. All that probes need is in
 * the header of -h.
 */
final class ProbeObject {
    private static final String NAMES = "\0.shstrtab\0.note.GNU-stack\0";
    private static final int HEADER = 64;
    private static final int SECTIONS_AT = 96;
    private static final int SECTION = 64;
    private static final int RELOCATABLE = 1;
    private static final int X86_64 = 62;
    private static final int PROGBITS = 1;
    private static final int STRINGS = 3;

    private ProbeObject() {}

    /** As text: none of its bytes is above 127. */
    static String content() {
        ByteBuffer out = ByteBuffer.allocate(SECTIONS_AT + 3 * SECTION).order(ByteOrder.LITTLE_ENDIAN);
        // Magic, 64 bits, little-endian, version 1.
        out.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).put(6, (byte) 1);
        out.putShort(16, (short) RELOCATABLE).putShort(18, (short) X86_64).putInt(20, 1);
        out.putLong(40, SECTIONS_AT).putShort(52, (short) HEADER);
        out.putShort(58, (short) SECTION).putShort(60, (short) 3).putShort(62, (short) 1);
        byte[] names = NAMES.getBytes(StandardCharsets.US_ASCII);
        out.put(HEADER, names);
        section(out, 1, NAMES.indexOf(".shstrtab"), STRINGS, names.length);
        section(out, 2, NAMES.indexOf(".note.GNU-stack"), PROGBITS, 0);
        return new String(out.array(), StandardCharsets.US_ASCII);
    }

    private static void section(ByteBuffer out, int index, int name, int type, int size) {
        int at = SECTIONS_AT + index * SECTION;
        out.putInt(at, name).putInt(at + 4, type);
        out.putLong(at + 24, HEADER).putLong(at + 32, size).putLong(at + 48, 1);
    }
}
