package zonda.zstream;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import zonda.kernel.FileName;
import zonda.zstream.NvList.Value;

/**
 * The XDR encoding of name-value lists, RFC 4506 and nvlist_pack(3): after four bytes that say so, a version, flags, and
 * pairs, each with its own encoded and decoded size, up to one of size 0.
 */
final class NvCodec {
    static final int FLAG = 1;
    static final int BYTE = 2;
    static final int INT16 = 3;
    static final int UINT16 = 4;
    static final int INT32 = 5;
    static final int UINT32 = 6;
    static final int INT64 = 7;
    static final int UINT64 = 8;
    static final int STRING = 9;
    static final int BYTES = 10;
    static final int INT16S = 11;
    static final int UINT16S = 12;
    static final int INT32S = 13;
    static final int UINT32S = 14;
    static final int INT64S = 15;
    static final int UINT64S = 16;
    static final int STRINGS = 17;
    static final int HRTIME = 18;
    static final int LIST = 19;
    static final int LISTS = 20;
    static final int BOOL = 21;
    static final int INT8 = 22;
    static final int UINT8 = 23;
    static final int BOOLS = 24;
    static final int INT8S = 25;
    static final int UINT8S = 26;

    private static final int XDR = 1;
    private static final int LITTLE_ENDIAN_HOST = 1;
    private static final int UNIQUE_NAMES = 1;
    private static final int DEEPEST = 32;
    private static final int HEADER = 4;

    private NvCodec() {}

    static NvList decode(byte[] bytes, int length) {
        try {
            if (length < HEADER || bytes[0] != XDR) {
                throw wrong("it isn't in the XDR encoding");
            }
            return list(ByteBuffer.wrap(bytes, HEADER, length - HEADER), 0);
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw wrong("it is cut off");
        }
    }

    private static StreamException wrong(String what) {
        return StreamException.stream("a list of names and values (nvlist) is damaged: " + what);
    }

    private static NvList list(ByteBuffer in, int depth) {
        if (depth > DEEPEST) {
            throw wrong("it is nested deeper than " + DEEPEST);
        }
        int version = in.getInt();
        if (version != 0) {
            throw wrong("it has the unknown version " + version);
        }
        in.getInt(); // whether names are unique: here they are, the last one of a name wins
        Map<String, Value> members = new LinkedHashMap<>();
        while (true) {
            int start = in.position();
            int size = in.getInt();
            int decoded = in.getInt();
            if (size == 0 && decoded == 0) {
                return new NvList(members);
            }
            if (size < 16 || size > in.limit() - start) {
                throw wrong("a pair of " + size + " bytes");
            }
            ByteBuffer pair = in.duplicate().order(in.order()).limit(start + size);
            String name = text(pair);
            int type = pair.getInt();
            members.put(name, value(pair, type, pair.getInt(), depth));
            in.position(start + size);
        }
    }

    private static Value value(ByteBuffer in, int type, int count, int depth) {
        return switch (type) {
            case FLAG -> new Value.Flag();
            case BOOL -> new Value.Bool(in.getInt() != 0);
            case BYTE, INT8, UINT8, INT16, UINT16, INT32 -> new Value.Number(type, in.getInt());
            case UINT32 -> new Value.Number(type, in.getInt() & 0xffff_ffffL);
            case INT64, UINT64, HRTIME -> new Value.Number(type, in.getLong());
            case STRING -> new Value.Text(text(in));
            case BYTES -> new Value.Bytes(opaque(in, count));
            case INT64S, UINT64S -> numbers(in, type, 8);
            case INT8S, UINT8S, INT16S, UINT16S, INT32S, UINT32S, BOOLS -> numbers(in, type, 4);
            case STRINGS -> {
                List<String> texts = new ArrayList<>();
                for (int i = 0; i < counted(in, count, 4); i++) {
                    texts.add(text(in));
                }
                yield new Value.Texts(texts);
            }
            case LIST -> new Value.Nested(list(in, depth + 1));
            case LISTS -> {
                List<NvList> lists = new ArrayList<>();
                int there = counted(in, count, 8);
                for (int i = 0; i < there; i++) {
                    lists.add(list(in, depth + 1));
                }
                yield new Value.NestedList(lists);
            }
            default -> throw wrong("a value of the unknown type " + type);
        };
    }

    /** A count is believed only as far as there are bytes for it. */
    private static int counted(ByteBuffer in, int count, int each) {
        if (count < 0 || count > in.capacity() / each) {
            throw wrong("a value of " + count + " items");
        }
        return count;
    }

    private static Value numbers(ByteBuffer in, int type, int width) {
        int count = in.getInt();
        if (count < 0 || count > in.remaining() / width) {
            throw wrong("a value of " + count + " items");
        }
        List<Long> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add(width == 8 ? in.getLong() : type == UINT32S ? in.getInt() & 0xffff_ffffL : in.getInt());
        }
        return new Value.Numbers(type, values);
    }

    private static byte[] opaque(ByteBuffer in, int length) {
        if (length < 0 || length > in.remaining()) {
            throw wrong("a value of " + length + " bytes");
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        in.position(Math.min(in.limit(), in.position() + (-length & 3)));
        return bytes;
    }

    private static String text(ByteBuffer in) {
        return FileName.decode(opaque(in, in.getInt()));
    }

    static byte[] encode(NvList list) {
        var out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {XDR, LITTLE_ENDIAN_HOST, 0, 0});
        write(list, out);
        return out.toByteArray();
    }

    private static void write(NvList list, ByteArrayOutputStream out) {
        putInt(out, 0);
        putInt(out, UNIQUE_NAMES);
        list.members().forEach((name, value) -> {
            var pair = new ByteArrayOutputStream();
            byte[] text = FileName.encode(name);
            putOpaque(pair, text, true);
            putInt(pair, type(value));
            putInt(pair, count(value));
            write(value, pair);
            putInt(out, pair.size() + 8);
            // nvpair_t of 16 bytes with the name, and the value, each as they lie in memory: multiples of 8.
            putInt(out, round8(16 + text.length + 1) + round8(memory(value)));
            out.writeBytes(pair.toByteArray());
        });
        putInt(out, 0);
        putInt(out, 0);
    }

    private static int round8(int size) {
        return (size + 7) & ~7;
    }

    private static int type(Value value) {
        return switch (value) {
            case Value.Flag _ -> FLAG;
            case Value.Bool _ -> BOOL;
            case Value.Number number -> number.type();
            case Value.Text _ -> STRING;
            case Value.Bytes _ -> BYTES;
            case Value.Numbers numbers -> numbers.type();
            case Value.Texts _ -> STRINGS;
            case Value.Nested _ -> LIST;
            case Value.NestedList _ -> LISTS;
        };
    }

    private static int count(Value value) {
        return switch (value) {
            case Value.Flag _ -> 0;
            case Value.Bool _ -> 1;
            case Value.Number _ -> 1;
            case Value.Text _ -> 1;
            case Value.Nested _ -> 1;
            case Value.Bytes(byte[] bytes) -> bytes.length;
            case Value.Numbers numbers -> numbers.values().size();
            case Value.Texts(List<String> values) -> values.size();
            case Value.NestedList(List<NvList> values) -> values.size();
        };
    }

    private static int width(int type) {
        return switch (type) {
            case BYTE, INT8, UINT8, INT8S, UINT8S -> 1;
            case INT16, UINT16, INT16S, UINT16S -> 2;
            case INT64, UINT64, HRTIME, INT64S, UINT64S -> 8;
            default -> 4;
        };
    }

    private static int memory(Value value) {
        return switch (value) {
            case Value.Flag _ -> 0;
            case Value.Bool _ -> 4;
            case Value.Number number -> width(number.type());
            case Value.Text(String text) -> FileName.encode(text).length + 1;
            case Value.Bytes(byte[] bytes) -> bytes.length;
            case Value.Numbers(int type, List<Long> values) -> width(type) * values.size();
            case Value.Texts(List<String> values) ->
                values.stream()
                        .mapToInt(text -> 8 + FileName.encode(text).length + 1)
                        .sum();
            case Value.Nested _ -> 24;
            case Value.NestedList(List<NvList> values) -> 32 * values.size();
        };
    }

    private static void write(Value value, ByteArrayOutputStream out) {
        switch (value) {
            case Value.Flag _ -> {
                // its name is all it says
            }
            case Value.Bool(boolean bool) -> putInt(out, bool ? 1 : 0);
            case Value.Number(int type, long number) -> putNumber(out, width(type), number);
            case Value.Text(String text) -> putOpaque(out, FileName.encode(text), true);
            case Value.Bytes(byte[] bytes) -> putOpaque(out, bytes, false);
            case Value.Numbers(int type, List<Long> values) -> {
                putInt(out, values.size());
                values.forEach(number -> putNumber(out, width(type), number));
            }
            case Value.Texts(List<String> values) ->
                values.forEach(text -> putOpaque(out, FileName.encode(text), true));
            case Value.Nested(NvList list) -> write(list, out);
            case Value.NestedList(List<NvList> values) -> values.forEach(list -> write(list, out));
        }
    }

    private static void putNumber(ByteArrayOutputStream out, int width, long number) {
        if (width == 8) {
            putInt(out, (int) (number >>> 32));
        }
        putInt(out, (int) number);
    }

    private static void putInt(ByteArrayOutputStream out, int value) {
        out.writeBytes(new byte[] {(byte) (value >>> 24), (byte) (value >>> 16), (byte) (value >>> 8), (byte) value});
    }

    private static void putOpaque(ByteArrayOutputStream out, byte[] bytes, boolean counted) {
        if (counted) {
            putInt(out, bytes.length);
        }
        out.writeBytes(Arrays.copyOf(bytes, (bytes.length + 3) & ~3));
    }
}
