package zonda.dtrace.output;

import java.nio.ByteBuffer;
import zonda.dtrace.code.Aggregate;
import zonda.dtrace.types.DType;

/** The text of print(): a value with its type, and those of its members. */
final class PrintedValue {
    private static final String STEP = "    ";

    private final ByteBuffer record;
    private final int stringSize;
    private final Enumerators enumerators;
    private final StringBuilder out = new StringBuilder();

    PrintedValue(ByteBuffer record, int stringSize, Enumerators enumerators) {
        this.record = record;
        this.stringSize = stringSize;
        this.enumerators = enumerators;
    }

    String of(DType type, int offset) {
        out.append(type.shown()).append(' ');
        switch (type) {
            case DType.Str _ -> out.append('"').append(text(type, offset)).append("\"\n");
            case DType.Struct struct -> struct(struct, offset, 0);
            case DType.Array array -> {
                array(array, offset, 0);
                out.append('\n');
            }
            default -> {
                scalar(type, record.getLong(offset));
                out.append('\n');
            }
        }
        return out.toString();
    }

    private String text(DType type, int offset) {
        return Values.text(Values.bytes(record, offset, Aggregate.size(type, stringSize)));
    }

    /** From the brace to the brace, without a newline behind it. */
    private void struct(DType.Struct struct, int offset, int depth) {
        out.append("{\n");
        for (DType.Member member : struct.members()) {
            String name = member.type().shown();
            out.append(STEP.repeat(depth + 1)).append(name);
            if (!member.name().isEmpty()) {
                boolean tight = name.endsWith("*") || name.endsWith(" ");
                out.append(tight ? "" : " ").append(member.name());
                out.append(member.bitSize() > 0 ? " :" + member.bitSize() : "").append(" =");
            }
            out.append(' ');
            member(member, offset + member.bitOffset() / 8, depth + 1);
            out.append('\n');
        }
        out.append(STEP.repeat(depth)).append('}');
    }

    private void member(DType.Member member, int at, int depth) {
        if (member.bitSize() > 0) {
            long value = raw(at, (member.bitOffset() % 8 + member.bitSize() + 7) / 8) >>> member.bitOffset() % 8;
            out.append(hexadecimal(member.bitSize() == 64 ? value : value & (1L << member.bitSize()) - 1));
            return;
        }
        value(member.type(), at, depth);
    }

    private void value(DType type, int at, int depth) {
        switch (type) {
            case DType.Struct struct -> struct(struct, at, depth);
            case DType.Array array -> array(array, at, depth);
            case DType.Str _ -> out.append("[ \"").append(text(type, at)).append("\" ]");
            default -> scalar(type, raw(at, type.size()));
        }
    }

    private void scalar(DType type, long bits) {
        long value = Values.fit(bits, type);
        if (type.name().startsWith("enum ") && type.isInteger()) {
            out.append(enumerators.name(type.name(), value).orElseGet(() -> Long.toString(value)));
        } else if (isCharacter(type)) {
            out.append(character((int) (bits & 0xff)));
        } else {
            int size = type.isInteger() ? type.size() : 8;
            out.append(hexadecimal(size >= 8 ? bits : bits & (1L << 8 * size) - 1));
        }
    }

    private static boolean isCharacter(DType type) {
        return type instanceof DType.Int(String name, int size, boolean signed)
                && size == 1
                && signed
                && !name.equals("int8_t");
    }

    private static String character(int c) {
        if (c >= 32 && c < 127) {
            return "'" + (char) c + "'";
        }
        return c == 0 ? "'\\0'" : String.format("'\\%03o'", c);
    }

    private static String hexadecimal(long value) {
        return value == 0 ? "0" : "0x" + Long.toHexString(value);
    }

    private long raw(int at, int size) {
        long value = 0;
        for (int i = Math.min(8, size) - 1; i >= 0; i--) {
            value = value << 8 | record.get(at + i) & 0xff;
        }
        return value;
    }

    private void array(DType.Array array, int at, int depth) {
        boolean text = isCharacter(array.of()) && isText(at, array.count());
        if (text && depth == 0) {
            out.append(quoted(at, array.count()));
            return;
        }
        out.append("[ ");
        if (text) {
            out.append(quoted(at, array.count())).append(" ]");
            return;
        }
        boolean structs = array.of() instanceof DType.Struct;
        for (int i = 0; i < array.count(); i++) {
            if (structs) {
                out.append('\n')
                        .append(STEP.repeat(depth + 1))
                        .append(array.of().shown())
                        .append(' ');
            }
            value(array.of(), at + i * array.of().size(), structs ? depth + 1 : depth);
            out.append(i < array.count() - 1 ? ", " : structs ? "\n" : "");
        }
        out.append(structs ? STEP.repeat(depth) : " ").append(']');
    }

    /** Whether printable characters end with a zero. */
    private boolean isText(int at, int count) {
        for (int i = 0; i < count; i++) {
            byte c = record.get(at + i);
            if (c < 32 || c == 127) {
                return c == 0;
            }
        }
        return false;
    }

    private String quoted(int at, int count) {
        return '"' + Values.text(Values.bytes(record, at, count)) + '"';
    }
}
