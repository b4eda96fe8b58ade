package zonda.dtrace.output;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import zonda.dtrace.code.Action.Datum;
import zonda.dtrace.code.Aggregate;
import zonda.dtrace.code.Format;
import zonda.dtrace.code.Format.Piece;
import zonda.dtrace.types.DType;

/** Puts data into a format: printf() of dtrace. */
final class Printf {
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyy MMM ppd HH:mm:ss", Locale.ROOT);
    private static final DateTimeFormatter RFC822 =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss zzz", Locale.ROOT);
    private static final int MOST_WIDTH = 100_000;

    private final Symbols symbols;
    private final int stringSize;
    private final int indent;
    private final long most;

    Printf(Symbols symbols, int stringSize, int indent) {
        this(symbols, stringSize, indent, Long.MAX_VALUE);
    }

    /** @param most characters of a text that are there only to fill it up */
    Printf(Symbols symbols, int stringSize, int indent, long most) {
        this.most = most;
        this.symbols = symbols;
        this.stringSize = stringSize;
        this.indent = indent;
    }

    /** Shows the value of an aggregation for a conversion. */
    @FunctionalInterface
    interface AggregateText {
        String text(Piece.Conversion conversion, int index);
    }

    String format(Format format, List<Datum> data, ByteBuffer record) {
        return format(format, data, record, (_, _) -> "");
    }

    String format(Format format, List<Datum> data, ByteBuffer record, AggregateText aggregates) {
        var out = new StringBuilder();
        format(format, data, record, aggregates, out);
        return out.toString();
    }

    void format(Format format, List<Datum> data, ByteBuffer record, StringBuilder out) {
        format(format, data, record, (_, _) -> "", out);
    }

    private void format(
            Format format, List<Datum> data, ByteBuffer record, AggregateText aggregates, StringBuilder out) {
        int from = out.length();
        int at = 0;
        int aggregate = 0;
        for (Piece piece : format.pieces()) {
            switch (piece) {
                case Piece.Text(String text) -> out.append(text);
                case Piece.Conversion conversion -> {
                    if (conversion.aggregation()) {
                        out.append(aggregates.text(conversion, aggregate++));
                        continue;
                    }
                    int width = conversion.width();
                    int precision = conversion.precision();
                    boolean left = conversion.flags().indexOf('-') >= 0;
                    if (width == Format.FROM_ARGUMENT) {
                        width = (int) Values.number(
                                record, data.get(at).offset(), data.get(at++).type());
                        left |= width < 0;
                        width = Math.abs(width);
                    }
                    if (precision == Format.FROM_ARGUMENT) {
                        precision = (int) Values.number(
                                record, data.get(at).offset(), data.get(at++).type());
                    }
                    if (at >= data.size()) {
                        continue;
                    }
                    width = Math.clamp(width, 0, Math.clamp(most - (out.length() - from), 0, MOST_WIDTH));
                    precision = (int) Math.min(precision, most);
                    Datum datum = data.get(at++);
                    out.append(
                            conversion.letter() == 'k'
                                    ? stack(left, width, datum, record)
                                    : pad(value(conversion, precision, width, datum, record), width, left));
                }
            }
        }
    }

    static String pad(String text, int width, boolean left) {
        return left ? Values.paddedRight(text, width) : Values.padded(text, width);
    }

    private String value(Piece.Conversion conversion, int precision, int width, Datum datum, ByteBuffer record) {
        return switch (conversion.letter()) {
            case 's' -> limited(conversion.length().isEmpty() ? any(datum, record) : wide(datum, record), precision);
            case 'S' -> limited(escaped(any(datum, record)), precision);
            case 'a', 'A', 'P' -> address(conversion.letter(), datum, record);
            case 'e', 'E', 'f', 'F', 'g', 'G' -> FloatText.of(conversion, precision, floating(datum, record));
            case 'c' -> String.valueOf((char) (record.getLong(datum.offset()) & 0xff));
            case 'C' ->
                escaped(characters(record.getLong(datum.offset()), datum.type().size()));
            case 'Y' -> time(DATE, record.getLong(datum.offset()));
            case 'T' -> time(RFC822, record.getLong(datum.offset()));
            case 'I' -> internet(datum, record);
            default -> {
                long value = Values.number(record, datum.offset(), datum.type());
                yield number(conversion, precision, width, value, datum.type());
            }
        };
    }

    private static String limited(String text, int precision) {
        return precision > 0 && precision < text.length() ? text.substring(0, precision) : text;
    }

    private static double floating(Datum datum, ByteBuffer record) {
        return switch (datum.type().size()) {
            case 4 -> record.getFloat(datum.offset());
            case 8 -> record.getDouble(datum.offset());
            default -> FloatText.extended(record.getLong(datum.offset()), record.getShort(datum.offset() + 8) & 0xffff);
        };
    }

    private static String wide(Datum datum, ByteBuffer record) {
        var text = new StringBuilder();
        for (int at = 0; at < datum.type().size() && record.getInt(datum.offset() + at) != 0; at += 4) {
            int c = record.getInt(datum.offset() + at);
            text.appendCodePoint(Character.isValidCodePoint(c) ? c : '?');
        }
        return text.toString();
    }

    /** Frames on lines of their own; with a flag for the left, as far from it as the width says. */
    private String stack(boolean left, int width, Datum datum, ByteBuffer record) {
        var out = new StringBuilder("\n");
        for (String frame : frames(datum, record)) {
            out.append(left ? " ".repeat(width) + frame : Values.padded(frame, width))
                    .append('\n');
        }
        return out.toString();
    }

    private static String time(DateTimeFormatter formatter, long nanoseconds) {
        return formatter.format(Instant.ofEpochSecond(
                        Math.floorDiv(nanoseconds, 1_000_000_000L), Math.floorMod(nanoseconds, 1_000_000_000L))
                .atZone(ZoneId.systemDefault()));
    }

    private String any(Datum datum, ByteBuffer record) {
        return switch (datum.type()) {
            case DType.Str _ ->
                Values.text(Values.bytes(record, datum.offset(), Aggregate.size(datum.type(), stringSize)));
            case DType.Addresses addresses ->
                addresses.isStack() ? String.join("\n", stackLines(datum, record)) : symbol(datum, record);
            case DType.Array array -> Values.text(Values.bytes(record, datum.offset(), array.size()));
            default -> Long.toString(Values.number(record, datum.offset(), datum.type()));
        };
    }

    private String address(char letter, Datum datum, ByteBuffer record) {
        if (datum.type() instanceof DType.Addresses) {
            return symbol(datum, record);
        }
        long value = record.getLong(datum.offset());
        return switch (letter) {
            case 'a' -> symbols.kernel(value, true);
            case 'P' -> Long.toString(value & 0xffff);
            default -> "0x" + Long.toHexString(value);
        };
    }

    private String internet(Datum datum, ByteBuffer record) {
        if (datum.type().isString()) {
            return any(datum, record);
        }
        long value = record.getLong(datum.offset());
        try {
            return InetAddress.getByAddress(
                            new byte[] {(byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)})
                    .getHostAddress();
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static String characters(long value, int size) {
        var text = new StringBuilder();
        for (int i = size - 1; i >= 0; i--) {
            int c = (int) (value >>> 8 * i & 0xff);
            if (c != 0 || i == 0) {
                text.append((char) c);
            }
        }
        return text.toString();
    }

    static String escaped(String text) {
        var out = new StringBuilder();
        for (char c : text.toCharArray()) {
            switch (c) {
                case 0 -> out.append("\\0");
                case 7 -> out.append("\\a");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case 11 -> out.append("\\v");
                case '\\' -> out.append("\\\\");
                case '"' -> out.append("\\\"");
                default -> {
                    if (c < 32 || c == 127) {
                        out.append(String.format("\\x%02x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        return out.toString();
    }

    /** A number; its own type says how wide it is, and for %d and %i whether it has a sign. */
    static String number(Piece.Conversion conversion, int precision, int width, long value, DType type) {
        String flags = conversion.flags();
        int bits = conversion.length().startsWith("ll") || !(type instanceof DType.Int)
                ? 64
                : 8 * Math.max(1, type.size());
        long masked = bits >= 64 ? value : value & (1L << bits) - 1;
        boolean signed = type.signed();
        String sign = "";
        String digits;
        switch (conversion.letter()) {
            case 'd', 'i', 'D' -> {
                if (signed && value < 0) {
                    sign = "-";
                    digits = Long.toString(value).substring(1);
                } else {
                    sign = flags.indexOf('+') >= 0 ? "+" : flags.indexOf(' ') >= 0 ? " " : "";
                    digits = Long.toUnsignedString(signed ? value : masked);
                }
            }
            case 'o', 'O' -> {
                digits = Long.toOctalString(masked);
                digits = flags.indexOf('#') >= 0 && !digits.startsWith("0") ? "0" + digits : digits;
            }
            case 'x', 'p' -> {
                digits = Long.toHexString(masked);
                sign = flags.indexOf('#') >= 0 && masked != 0 ? "0x" : "";
            }
            case 'X' -> {
                digits = Long.toHexString(masked).toUpperCase(Locale.ROOT);
                sign = flags.indexOf('#') >= 0 && masked != 0 ? "0X" : "";
            }
            default -> digits = Long.toUnsignedString(masked);
        }
        if (precision > digits.length()) {
            digits = "0".repeat(Math.min(precision, MOST_WIDTH) - digits.length()) + digits;
        }
        boolean zeros = flags.indexOf('0') >= 0 && precision <= 0;
        int missing = Math.min(width, MOST_WIDTH) - sign.length() - digits.length();
        return zeros && missing > 0 ? sign + "0".repeat(missing) + digits : sign + digits;
    }

    /** Frames, each on a line of its own, indented. */
    List<String> stackLines(Datum datum, ByteBuffer record) {
        return frames(datum, record).stream()
                .map(frame -> " ".repeat(indent) + frame)
                .toList();
    }

    List<String> frames(Datum datum, ByteBuffer record) {
        var type = (DType.Addresses) datum.type();
        boolean user = type.kind() == DType.Addresses.Kind.USTACK;
        long[] addresses = new long[type.taken()];
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = record.getLong(datum.offset() + (user ? 8 : 0) + 8 * i);
        }
        List<String> all =
                user ? symbols.userFrames(record.getLong(datum.offset()), addresses) : symbols.kernelFrames(addresses);
        return all.subList(0, Math.min(all.size(), type.frames()));
    }

    /** The name of an address, or the frames of a stack. */
    String symbol(Datum datum, ByteBuffer record) {
        var type = (DType.Addresses) datum.type();
        long first = record.getLong(datum.offset());
        return switch (type.kind()) {
            case SYM -> symbols.kernel(first, false);
            case MOD -> symbols.kernelModule(first);
            case USYM -> symbols.user(first, record.getLong(datum.offset() + 8), false);
            case UADDR -> symbols.user(first, record.getLong(datum.offset() + 8), true);
            case UMOD -> symbols.userModule(first, record.getLong(datum.offset() + 8));
            case STACK, USTACK -> String.join("\n", stackLines(datum, record)) + "\n";
        };
    }

    static int sizeOf(DType type, int stringSize) {
        return Aggregate.size(type, stringSize);
    }
}
