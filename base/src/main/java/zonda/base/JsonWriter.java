package zonda.base;

import java.util.Iterator;

/** Prints {@link Json} byte for byte as ECMAScript's {@code JSON.stringify} does, since scripts compare that text. */
final class JsonWriter {
    private final StringBuilder out = new StringBuilder();
    private final int indent;

    private JsonWriter(int indent) {
        this.indent = indent;
    }

    static String write(Json value, int indent) {
        var writer = new JsonWriter(indent);
        writer.value(value, 0);
        return writer.out.toString();
    }

    private void value(Json value, int depth) {
        switch (value) {
            case Json.Null() -> out.append("null");
            case Json.Bool(boolean b) -> out.append(b);
            case Json.Num number -> out.append(number(number));
            case Json.Str(String text) -> string(text);
            case Json.Arr(var items) -> {
                Iterator<Json> rest = items.iterator();
                block('[', ']', depth, rest, () -> value(rest.next(), depth + 1));
            }
            case Json.Obj(var members) -> {
                var rest = members.entrySet().iterator();
                block('{', '}', depth, rest, () -> {
                    var member = rest.next();
                    string(member.getKey());
                    out.append(indent > 0 ? ": " : ":");
                    value(member.getValue(), depth + 1);
                });
            }
        }
    }

    private void block(char open, char close, int depth, Iterator<?> rest, Runnable next) {
        out.append(open);
        if (!rest.hasNext()) {
            out.append(close);
            return;
        }
        while (rest.hasNext()) {
            newline(depth + 1);
            next.run();
            if (rest.hasNext()) {
                out.append(',');
            }
        }
        newline(depth);
        out.append(close);
    }

    private void newline(int depth) {
        if (indent > 0) {
            out.append('\n').repeat(' ', indent * depth);
        }
    }

    private static String number(Json.Num number) {
        return number.isIntegral()
                ? number.value().toBigInteger().toString()
                : number.value().stripTrailingZeros().toString();
    }

    private void string(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < 0x20) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
