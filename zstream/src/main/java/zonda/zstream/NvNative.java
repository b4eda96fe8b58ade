package zonda.zstream;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import zonda.kernel.FileName;
import zonda.zstream.NvList.Value;

/**
 * The encoding of name-value lists as they lie in a host's memory, NV_ENCODE_NATIVE of nvlist_pack(3): resume tokens have
 * it, and the head of a stream that resumes. After four bytes that say which encoding and which byte order, a version
 * and flags, then pairs, each an nvpair_t with its name and its value, all at multiples of 8; a size of 0 ends it. Such
 * lists have flags, numbers of 64 bits, and texts.
 */
final class NvNative {
    private static final int NATIVE = 0;
    private static final int LITTLE = 1;
    private static final int UNIQUE_NAMES = 1;
    /** Of an nvpair_t, which the name follows. */
    private static final int PAIR = 16;

    private NvNative() {}

    static boolean isNative(byte[] bytes, int length) {
        return length >= 4 && bytes[0] == NATIVE;
    }

    static byte[] encode(NvList list) {
        ByteBuffer out = ByteBuffer.allocate(length(list)).order(ByteOrder.LITTLE_ENDIAN);
        out.put(new byte[] {NATIVE, LITTLE, 0, 0}).putInt(0).putInt(UNIQUE_NAMES);
        list.members().forEach((name, value) -> {
            byte[] text = FileName.encode(name);
            int start = out.position();
            out.putInt(size(name, value)).putShort((short) (text.length + 1)).putShort((short) 0);
            out.putInt(value instanceof Value.Flag ? 0 : 1).putInt(type(value)).put(text);
            out.position(start + round8(PAIR + text.length + 1));
            switch (value) {
                case Value.Number(int _, long number) -> out.putLong(number);
                case Value.Text(String words) -> out.put(FileName.encode(words));
                default -> {
                    // a flag has no value
                }
            }
            out.position(start + size(name, value));
        });
        return out.array();
    }

    private static int length(NvList list) {
        return 12
                + list.members().entrySet().stream()
                        .mapToInt(pair -> size(pair.getKey(), pair.getValue()))
                        .sum()
                + 4;
    }

    private static int size(String name, Value value) {
        int own = switch (value) {
            case Value.Flag _ -> 0;
            case Value.Number _ -> 8;
            case Value.Text(String words) -> FileName.encode(words).length + 1;
            default -> throw new IllegalArgumentException("not a value of a native list: " + value);
        };
        return round8(PAIR + FileName.encode(name).length + 1) + round8(own);
    }

    private static int type(Value value) {
        return switch (value) {
            case Value.Flag _ -> NvCodec.FLAG;
            case Value.Text _ -> NvCodec.STRING;
            default -> NvCodec.UINT64;
        };
    }

    private static int round8(int size) {
        return (size + 7) & ~7;
    }

    /** @throws StreamException when it isn't one, or has values of other kinds */
    static NvList decode(byte[] bytes, int length) {
        try {
            if (!isNative(bytes, length)) {
                throw wrong("it isn't in the native encoding");
            }
            ByteBuffer in = ByteBuffer.wrap(bytes, 0, length)
                    .slice()
                    .order(bytes[1] == LITTLE ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
            if (in.getInt(4) != 0) {
                throw wrong("it has the unknown version " + in.getInt(4));
            }
            return new NvList(pairs(in.position(12)));
        } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
            throw wrong("it is cut off");
        }
    }

    private static Map<String, Value> pairs(ByteBuffer in) {
        Map<String, Value> members = new LinkedHashMap<>();
        while (true) {
            int start = in.position();
            int size = in.getInt();
            if (size == 0) {
                return members;
            }
            int nameLength = in.getShort();
            in.getShort();
            int count = in.getInt();
            int type = in.getInt();
            if (size < PAIR + 8 || size % 8 != 0 || nameLength < 2 || count != (type == NvCodec.FLAG ? 0 : 1)) {
                throw wrong("a pair of " + size + " bytes");
            }
            ByteBuffer pair = in.slice(start, size).order(in.order());
            String name = text(pair, PAIR, nameLength - 1);
            int at = round8(PAIR + nameLength);
            members.put(
                    name,
                    switch (type) {
                        case NvCodec.FLAG -> new Value.Flag();
                        case NvCodec.UINT64 -> NvList.number(pair.getLong(at));
                        case NvCodec.STRING -> NvList.text(text(pair, at, end(pair, at) - at));
                        default -> throw wrong("a value of the type " + type + " isn't expected in it");
                    });
            in.position(start + size);
        }
    }

    private static int end(ByteBuffer in, int from) {
        int at = from;
        while (in.get(at) != 0) {
            at++;
        }
        return at;
    }

    private static String text(ByteBuffer in, int at, int length) {
        byte[] bytes = new byte[length];
        in.get(at, bytes);
        return FileName.decode(bytes);
    }

    private static StreamException wrong(String what) {
        return StreamException.stream("a native list of names and values (nvlist) is damaged: " + what);
    }
}
