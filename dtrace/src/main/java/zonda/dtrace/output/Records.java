package zonda.dtrace.output;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import zonda.dtrace.code.Action.Datum;
import zonda.dtrace.code.Aggregate;
import zonda.dtrace.types.DType;

/** The text of single data: trace(), tracemem(), print(). */
final class Records {
    private final Printf printf;
    private final int stringSize;

    Records(Printf printf, int stringSize) {
        this.printf = printf;
        this.stringSize = stringSize;
    }

    /** A number as trace() and keys show it. */
    static String number(long value, DType type, boolean quiet) {
        if (quiet) {
            return Long.toString(value);
        }
        return switch (type instanceof DType.Int integer ? integer.size() : 8) {
            case 1 -> " " + Values.padded(Long.toString((byte) value), 3);
            case 2 -> " " + Values.padded(Long.toString((short) value), 5);
            case 4 -> " " + Values.padded(Long.toString((int) value), 8);
            default -> " " + Values.padded(Long.toString(value), 16);
        };
    }

    String trace(Datum datum, ByteBuffer record, boolean quiet) {
        return switch (datum.type()) {
            case DType.Str _ ->
                text(Values.bytes(record, datum.offset(), Aggregate.size(datum.type(), stringSize)), quiet);
            case DType.Array array -> bytes(record, datum.offset(), array.size());
            case DType.Struct struct -> bytes(record, datum.offset(), struct.size());
            default -> number(Values.number(record, datum.offset(), datum.type()), datum.type(), quiet);
        };
    }

    private static String text(byte[] bytes, boolean quiet) {
        for (byte b : bytes) {
            boolean printable = b >= 32 && b != 127 || b >= 7 && b <= 13 || b == 27 || b < 0;
            if (!printable) {
                return HexDump.of(bytes);
            }
        }
        String text = Values.text(bytes);
        return quiet ? text : "  " + Values.paddedRight(text, 33);
    }

    private static String bytes(ByteBuffer record, int offset, int size) {
        byte[] bytes = new byte[size];
        record.get(offset, bytes);
        return HexDump.of(bytes);
    }

    String memory(Datum datum, Optional<Datum> shown, ByteBuffer record) {
        int size = ((DType.Array) datum.type()).size();
        if (shown.isPresent()) {
            long asked = Values.number(record, shown.get().offset(), shown.get().type());
            size = asked < 0 || asked > size ? size : (int) asked;
        }
        return bytes(record, datum.offset(), size);
    }

    String symbols(Datum datum, ByteBuffer record) {
        var type = (DType.Addresses) datum.type();
        if (type.isStack()) {
            return "\n" + String.join("\n", printf.stackLines(datum, record)) + "\n";
        }
        return "  " + Values.paddedRight(printf.symbol(datum, record), 50);
    }

    /** print(): the type and the value. */
    String print(Datum datum, DType type, ByteBuffer record) {
        String value = switch (type) {
            case DType.Str _ ->
                "\""
                        + Printf.escaped(Values.text(
                                Values.bytes(record, datum.offset(), Aggregate.size(datum.type(), stringSize))))
                        + "\"";
            case DType.Struct struct -> struct(struct, record, datum.offset(), 1);
            case DType.Pointer _ -> "0x" + Long.toHexString(record.getLong(datum.offset()));
            case DType.Array array -> array(array, record, datum.offset());
            default -> integer(Values.number(record, datum.offset(), type), type);
        };
        return type instanceof DType.Struct || type instanceof DType.Array
                ? type.name() + " " + value + "\n"
                : type.name() + " " + value + "\n";
    }

    private static String integer(long value, DType type) {
        return type.size() == 1 || type.signed() && type.size() < 8
                ? Long.toString(value)
                : String.format(Locale.ROOT, "0x%x", value);
    }

    private static String array(DType.Array array, ByteBuffer record, int offset) {
        if (array.isCharacters()) {
            return "\"" + Printf.escaped(Values.text(Values.bytes(record, offset, array.size()))) + "\"";
        }
        byte[] raw = new byte[array.size()];
        record.get(offset, raw);
        return Arrays.toString(raw);
    }

    private static String struct(DType.Struct struct, ByteBuffer record, int offset, int depth) {
        String indent = "    ".repeat(depth);
        var out = new StringBuilder("{\n");
        for (DType.Member member : struct.members()) {
            int at = offset + member.bitOffset() / 8;
            String value = switch (member.type()) {
                case DType.Struct inner -> struct(inner, record, at, depth + 1);
                case DType.Array array -> array(array, record, at);
                case DType.Pointer _ -> "0x" + Long.toHexString(record.getLong(at));
                default -> integer(raw(record, at, member), member.type());
            };
            out.append(indent)
                    .append(member.type().name())
                    .append(' ')
                    .append(member.name())
                    .append(" = ")
                    .append(value)
                    .append('\n');
        }
        return out.append("    ".repeat(depth - 1)).append('}').toString();
    }

    private static long raw(ByteBuffer record, int at, DType.Member member) {
        long value = 0;
        for (int i = member.type().size() - 1; i >= 0; i--) {
            value = value << 8 | record.get(at + i) & 0xff;
        }
        if (member.bitSize() > 0) {
            value = value >>> member.bitOffset() % 8 & (1L << member.bitSize()) - 1;
            return value;
        }
        return Values.fit(value, member.type());
    }
}
