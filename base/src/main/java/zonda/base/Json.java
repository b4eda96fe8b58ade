package zonda.base;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A JSON value (RFC 8259), immutable. Object members keep their order, since operators read and compare what we print.
 */
public sealed interface Json {
    /** The JSON word {@code null}; in an update it clears a property. */
    record Null() implements Json {}

    record Bool(boolean value) implements Json {}

    record Num(BigDecimal value) implements Json {
        public boolean isIntegral() {
            return value.stripTrailingZeros().scale() <= 0;
        }
    }

    record Str(String value) implements Json {}

    /** An array. */
    record Arr(List<Json> items) implements Json {
        public Arr {
            items = List.copyOf(items);
        }

        public static Arr ofStrings(Iterable<String> values) {
            List<Json> items = new ArrayList<>();
            values.forEach(value -> items.add(new Str(value)));
            return new Arr(items);
        }

        public static Arr of(Stream<? extends Json> items) {
            return new Arr(items.map(Json.class::cast).toList());
        }

        /** The items that are strings, as Java strings; others are left out. */
        public List<String> strings() {
            return items.stream()
                    .filter(Str.class::isInstance)
                    .map(item -> ((Str) item).value())
                    .toList();
        }

        /** The items that are objects; others are left out. */
        public List<Obj> objects() {
            return items.stream()
                    .filter(Obj.class::isInstance)
                    .map(Obj.class::cast)
                    .toList();
        }
    }

    /** An object; members in the order they were added. */
    record Obj(Map<String, Json> members) implements Json {
        public static final Obj EMPTY = new Obj(Map.of());

        public Obj {
            members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
        }

        public Optional<Json> get(String name) {
            return Optional.ofNullable(members.get(name));
        }

        public boolean has(String name) {
            return members.containsKey(name);
        }

        public boolean isEmpty() {
            return members.isEmpty();
        }

        /** The member as a string, if it is there and is one. */
        public Optional<String> string(String name) {
            return members.get(name) instanceof Str(String value) ? Optional.of(value) : Optional.empty();
        }

        public String string(String name, String otherwise) {
            return string(name).orElse(otherwise);
        }

        /** The member as a whole number, if it is there and is one that fits a long. */
        public Optional<Long> integer(String name) {
            return members.get(name) instanceof Num number && number.isIntegral()
                    ? Optional.of(number.value().longValue())
                    : Optional.empty();
        }

        public long integer(String name, long otherwise) {
            return integer(name).orElse(otherwise);
        }

        public boolean bool(String name, boolean otherwise) {
            return members.get(name) instanceof Bool(boolean value) ? value : otherwise;
        }

        /** The member as an object; empty when absent or something else. */
        public Obj object(String name) {
            return members.get(name) instanceof Obj object ? object : EMPTY;
        }

        /** The member as an array; empty when absent or something else. */
        public Arr array(String name) {
            return members.get(name) instanceof Arr array ? array : new Arr(List.of());
        }

        /** This object with the member set; a new member goes to the end. */
        public Obj with(String name, Json value) {
            var changed = new LinkedHashMap<>(members);
            changed.put(name, value);
            return new Obj(changed);
        }

        public Obj with(String name, String value) {
            return with(name, new Str(value));
        }

        public Obj with(String name, long value) {
            return with(name, Json.of(value));
        }

        public Obj with(String name, boolean value) {
            return with(name, Json.of(value));
        }

        public Obj with(String name, Optional<String> value) {
            return value.map(text -> with(name, text)).orElse(this);
        }

        /** This object with all members of the other set over its own. */
        public Obj withAll(Obj other) {
            var changed = new LinkedHashMap<>(members);
            changed.putAll(other.members);
            return new Obj(changed);
        }

        public Obj without(String name) {
            var changed = new LinkedHashMap<>(members);
            changed.remove(name);
            return new Obj(changed);
        }
    }

    static Json of(String value) {
        return new Str(value);
    }

    static Json of(long value) {
        return new Num(BigDecimal.valueOf(value));
    }

    static Json of(boolean value) {
        return new Bool(value);
    }

    /** A new empty object, to build upon with {@link Obj#with}. */
    static Obj object() {
        return Obj.EMPTY;
    }

    /**
     * Reads one JSON value and nothing after it.
     *
     * @throws JsonSyntaxException with line and column when the text isn't JSON
     */
    static Json parse(String text) {
        return JsonReader.read(text);
    }

    /** Reads one JSON object. @throws JsonSyntaxException when the text isn't one */
    static Obj parseObject(String text) {
        if (parse(text) instanceof Obj object) {
            return object;
        }
        throw new JsonSyntaxException("expected an object");
    }

    /** As {@code JSON.stringify(value, null, 2)} prints it, without a final newline. */
    default String pretty() {
        return JsonWriter.write(this, 2);
    }

    /** As {@code JSON.stringify(value)} prints it: one line, no blanks. */
    default String compact() {
        return JsonWriter.write(this, 0);
    }

    /** The text is not JSON; the message says where and why. */
    final class JsonSyntaxException extends RuntimeException {
        public JsonSyntaxException(String message) {
            super(message);
        }
    }
}
