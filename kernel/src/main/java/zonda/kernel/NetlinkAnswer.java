package zonda.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** One message that the kernel answered: its fixed part and, by type, the last attribute of each type after it. */
record NetlinkAnswer(int type, ByteBuffer fixed, Map<Integer, ByteBuffer> attributes) {

    /** @param fixedLength bytes of the fixed part, such as 16 for struct ifinfomsg */
    static NetlinkAnswer parse(int type, ByteBuffer payload, int fixedLength) {
        ByteBuffer fixed = slice(payload, 0, Math.min(fixedLength, payload.limit()));
        return new NetlinkAnswer(type, fixed, attributes(payload, fixedLength));
    }

    Optional<String> string(int type) {
        return Optional.ofNullable(attributes.get(type)).map(NetlinkAnswer::text);
    }

    int u32(int type, int otherwise) {
        ByteBuffer value = attributes.get(type);
        return value == null || value.limit() < 4 ? otherwise : value.getInt(0);
    }

    byte[] bytes(int type) {
        ByteBuffer value = attributes.get(type);
        if (value == null) {
            return new byte[0];
        }
        byte[] copy = new byte[value.limit()];
        value.get(0, copy);
        return copy;
    }

    /** The attributes inside an attribute. */
    Map<Integer, ByteBuffer> nested(int type) {
        ByteBuffer value = attributes.get(type);
        return value == null ? Map.of() : attributes(value, 0);
    }

    static String text(ByteBuffer value) {
        int length = value.limit();
        while (length > 0 && value.get(length - 1) == 0) {
            length--;
        }
        byte[] copy = new byte[length];
        value.get(0, copy);
        return new String(copy, StandardCharsets.UTF_8);
    }

    static Map<Integer, ByteBuffer> attributes(ByteBuffer payload, int from) {
        Map<Integer, ByteBuffer> found = new HashMap<>();
        int at = from;
        while (at + 4 <= payload.limit()) {
            int length = payload.getShort(at) & 0xffff;
            if (length < 4 || at + length > payload.limit()) {
                break;
            }
            // The two highest bits are NLA_F_NESTED and NLA_F_NET_BYTEORDER.
            found.put(payload.getShort(at + 2) & 0x3fff, slice(payload, at + 4, length - 4));
            at += (length + 3) & ~3;
        }
        return found;
    }

    static ByteBuffer slice(ByteBuffer buffer, int from, int length) {
        return buffer.slice(from, length).order(ByteOrder.nativeOrder());
    }
}
