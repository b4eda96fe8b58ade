package zonda.dtrace.output;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import zonda.dtrace.code.Action;
import zonda.dtrace.code.Action.Datum;
import zonda.dtrace.code.Aggregate;
import zonda.dtrace.code.Options;
import zonda.dtrace.types.DType;

/** The text of single data: trace(), tracemem(), print(). */
final class Records {
    private final Printf printf;
    private final int stringSize;
    private final int stringLimit;
    private final Enumerators enumerators;

    Records(Printf printf, Options options, Enumerators enumerators) {
        this.printf = printf;
        this.stringSize = options.stringSize();
        this.stringLimit = options.stringLimit();
        this.enumerators = enumerators;
    }

    private static int size(DType type) {
        return type instanceof DType.Int integer ? integer.size() : 8;
    }

    private static int width(DType type) {
        return switch (size(type)) {
            case 1 -> 3;
            case 2 -> 5;
            case 4 -> 8;
            default -> 16;
        };
    }

    /** A number as trace() shows it: with a sign when its type has one. */
    private static String traced(long value, DType type, boolean quiet) {
        int unused = 64 - 8 * size(type);
        boolean signed = type instanceof DType.Int integer && integer.signed();
        String digits =
                signed ? Long.toString(value << unused >> unused) : Long.toUnsignedString(value << unused >>> unused);
        return quiet ? digits : " " + Values.padded(digits, width(type));
    }

    /** A number as keys show it. */
    static String number(long value, DType type, boolean quiet) {
        int size = size(type);
        int width = width(type);
        // As on illumos: numbers of one and two bytes have no sign, longer ones have, whatever their types say.
        String digits = Long.toString(
                switch (size) {
                    case 1 -> value & 0xff;
                    case 2 -> value & 0xffff;
                    case 4 -> (int) value;
                    default -> value;
                });
        return quiet ? digits : " " + Values.padded(digits, width);
    }

    /** @param raw whether text is shown as bytes, too */
    String trace(Datum datum, ByteBuffer record, boolean quiet, boolean raw) {
        return switch (datum.type()) {
            case DType.Str _ -> {
                int size = Math.min(Aggregate.size(datum.type(), stringSize), stringLimit);
                yield raw
                        ? bytes(record, datum.offset(), size)
                        : text(Values.bytes(record, datum.offset(), size), quiet);
            }
            case DType.Array array when !raw -> array(record, datum.offset(), array.size(), quiet);
            case DType.Array array -> bytes(record, datum.offset(), array.size());
            case DType.Struct struct -> bytes(record, datum.offset(), struct.size());
            default -> traced(Values.number(record, datum.offset(), datum.type()), datum.type(), quiet);
        };
    }

    /** What looks like text is shown as text: it begins so, and zeros alone are behind its end. */
    private static String array(ByteBuffer record, int offset, int size, boolean quiet) {
        byte[] bytes = new byte[size];
        record.get(offset, bytes);
        int end = 0;
        while (end < size && isText(bytes[end])) {
            end++;
        }
        for (int i = end; i < size; i++) {
            if (end == 0 || bytes[i] != 0) {
                return HexDump.of(bytes);
            }
        }
        return text(Arrays.copyOf(bytes, end), quiet);
    }

    private static boolean isText(byte b) {
        return b >= 32 && b != 127 || b >= 7 && b <= 13 || b == 27;
    }

    private static String text(byte[] bytes, boolean quiet) {
        for (byte b : bytes) {
            if (!isText(b) && b >= 0) {
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
        if (type instanceof DType.Addresses) {
            return type.name() + symbols(datum, record) + "\n";
        }
        return new PrintedValue(record, stringSize, enumerators).of(type, datum.offset());
    }

    /** print() of what a translator makes: its members are put together as they lie in the structure. */
    String print(Action.PrintMade made, ByteBuffer record) {
        var whole = ByteBuffer.allocate(made.type().size() + stringSize).order(record.order());
        for (int i = 0; i < made.members().size(); i++) {
            DType.Member member = made.members().get(i);
            Datum datum = made.data().get(i);
            int size = Math.min(member.type().size(), Aggregate.size(datum.type(), stringSize));
            whole.put(member.bitOffset() / 8, record, datum.offset(), size);
        }
        return new PrintedValue(whole, stringSize, enumerators).of(made.type(), 0);
    }
}
