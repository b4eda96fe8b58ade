package zonda.dtrace.output;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import zonda.dtrace.types.DType;

/** Values as they lie in records and keys. */
final class Values {
    private Values() {}

    /** The number, as a value of its type. */
    static long number(ByteBuffer record, int offset, DType type) {
        return fit(record.getLong(offset), type);
    }

    static long fit(long value, DType type) {
        if (!(type instanceof DType.Int(var _, int size, boolean signed)) || size >= 8 || size <= 0) {
            return value;
        }
        int shift = 64 - 8 * size;
        return signed ? value << shift >> shift : value << shift >>> shift;
    }

    /** Text up to its first zero byte. */
    static byte[] bytes(ByteBuffer record, int offset, int size) {
        int length = 0;
        while (length < size && record.get(offset + length) != 0) {
            length++;
        }
        byte[] text = new byte[length];
        record.get(offset, text);
        return text;
    }

    /** Bytes as text; what is not UTF-8 is taken as Latin 1, so that nothing is lost. */
    static String text(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        return text.indexOf('\ufffd') < 0 ? text : new String(bytes, StandardCharsets.ISO_8859_1);
    }

    static String padded(String text, int width) {
        return text.length() >= width ? text : " ".repeat(width - text.length()) + text;
    }

    static String paddedRight(String text, int width) {
        return text.length() >= width ? text : text + " ".repeat(width - text.length());
    }
}
