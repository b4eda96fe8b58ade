package zonda.kernel;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * File names between Java and the kernel, without loss: Linux' names are bytes, of any encoding.
 *
 * <p>A name is UTF-8; each byte that isn't part of valid UTF-8 becomes the lone surrogate U+DC00 + byte, which no valid
 * text contains, and turns back into that byte on the way to the kernel.
 */
public final class FileName {
    private static final int ESCAPE = 0xDC00;

    private FileName() {}

    public static String decode(byte[] name) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(name))
                    .toString();
        } catch (CharacterCodingException e) {
            return decodeMixed(name);
        }
    }

    private static String decodeMixed(byte[] name) {
        var in = ByteBuffer.wrap(name);
        var out = CharBuffer.allocate(name.length);
        var decoder = StandardCharsets.UTF_8.newDecoder();
        while (in.hasRemaining()) {
            var result = decoder.decode(in, out, true);
            for (int i = 0; result.isError() && i < result.length(); i++) {
                out.put((char) (ESCAPE + (in.get() & 0xff)));
            }
        }
        return out.flip().toString();
    }

    public static byte[] encode(String name) {
        if (!hasEscape(name)) {
            return name.getBytes(StandardCharsets.UTF_8);
        }
        var bytes = new ByteArrayOutputStream(name.length() + 16);
        int i = 0;
        while (i < name.length()) {
            int point = name.codePointAt(i);
            i += Character.charCount(point);
            if (isEscape(point)) {
                bytes.write(point - ESCAPE);
            } else {
                bytes.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
            }
        }
        return bytes.toByteArray();
    }

    /** For people to read: what can't be shown, or would move a terminal's cursor, as a question mark. */
    public static String printable(String name) {
        var text = new StringBuilder(name.length());
        name.codePoints()
                .forEach(point -> text.appendCodePoint(
                        Character.isISOControl(point) || Character.getType(point) == Character.SURROGATE
                                ? '?'
                                : point));
        return text.toString();
    }

    /** A loop, since every call with a name comes through here. */
    private static boolean hasEscape(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (isEscape(name.charAt(i))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isEscape(int point) {
        return point >= ESCAPE + 0x80 && point <= ESCAPE + 0xff;
    }
}
