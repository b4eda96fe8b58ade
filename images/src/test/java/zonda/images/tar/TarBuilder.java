package zonda.images.tar;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes archives as a test wants them, right or wrong. */
public final class TarBuilder {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    public TarBuilder file(String name, String content) {
        return entry('0', name, "", content.getBytes(StandardCharsets.UTF_8));
    }

    public TarBuilder directory(String name) {
        return entry('5', name, "", new byte[0]);
    }

    public TarBuilder symlink(String name, String target) {
        return entry('2', name, target, new byte[0]);
    }

    public TarBuilder hardLink(String name, String target) {
        return entry('1', name, target, new byte[0]);
    }

    /** Of any type, with a header whose size is that of the content. */
    public TarBuilder entry(char type, String name, String link, byte[] content) {
        return raw(header(type, name, link, content.length), content);
    }

    /** A pax extended header for what comes next. */
    public TarBuilder pax(String... keysAndValues) {
        var records = new ByteArrayOutputStream();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            byte[] body =
                    (" " + keysAndValues[i] + "=" + keysAndValues[i + 1] + "\n").getBytes(StandardCharsets.ISO_8859_1);
            int length = body.length + 1;
            while (String.valueOf(length).length() + body.length != length) {
                length++;
            }
            records.writeBytes(String.valueOf(length).getBytes(StandardCharsets.US_ASCII));
            records.writeBytes(body);
        }
        return entry('x', "pax", "", records.toByteArray());
    }

    public TarBuilder raw(byte[] header, byte[] content) {
        out.writeBytes(header);
        out.writeBytes(content);
        out.writeBytes(new byte[-content.length & 511]);
        return this;
    }

    /** A ustar header of root's, mode 0755 for directories and 0644 else. */
    public static byte[] header(char type, String name, String link, long size) {
        byte[] block = new byte[512];
        put(block, 0, name);
        put(block, 100, type == '5' ? "0000755" : "0000644");
        put(block, 108, "0000000");
        put(block, 116, "0000000");
        put(block, 124, String.format("%011o", size));
        put(block, 136, "14000000000");
        block[156] = (byte) type;
        put(block, 157, link);
        put(block, 257, "ustar");
        put(block, 263, "00");
        return summed(block);
    }

    static void put(byte[] block, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(bytes, 0, block, at, bytes.length);
    }

    /** With the checksum that it should have. */
    static byte[] summed(byte[] block) {
        Arrays.fill(block, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte value : block) {
            sum += value & 0xff;
        }
        put(block, 148, String.format("%06o\0 ", sum));
        return block;
    }

    /** Without the end of an archive. */
    public byte[] open() {
        return out.toByteArray();
    }

    public byte[] bytes() {
        byte[] all = out.toByteArray();
        return Arrays.copyOf(all, all.length + 1024);
    }

    public InputStream stream() {
        return new ByteArrayInputStream(bytes());
    }
}
