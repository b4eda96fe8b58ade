package zonda.dtrace.output;

import java.nio.ByteBuffer;
import java.util.Optional;
import zonda.dtrace.code.Action.Datum;
import zonda.dtrace.code.Aggregate;
import zonda.dtrace.types.DType;

/** The text of single data: trace(), tracemem(), print(). */
final class Records {
    private final Printf printf;
    private final int stringSize;
    private final Enumerators enumerators;

    Records(Printf printf, int stringSize, Enumerators enumerators) {
        this.printf = printf;
        this.stringSize = stringSize;
        this.enumerators = enumerators;
    }

    /** A number as trace() and keys show it. */
    static String number(long value, DType type, boolean quiet) {
        int size = type instanceof DType.Int integer ? integer.size() : 8;
        int width = switch (size) {
            case 1 -> 3;
            case 2 -> 5;
            case 4 -> 8;
            default -> 16;
        };
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
        if (type instanceof DType.Addresses) {
            return type.name() + symbols(datum, record) + "\n";
        }
        return new PrintedValue(record, stringSize, enumerators).of(type, datum.offset());
    }
}
