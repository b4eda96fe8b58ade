package zonda.zstream;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A list of names and values, nvlist(3), as compound streams and extended attributes have it. Names are unique; their
 * order is kept.
 */
public record NvList(Map<String, Value> members) {
    /** The empty list. */
    public static final NvList EMPTY = new NvList(Map.of());

    public NvList {
        members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
    }

    /** A value: the kinds that streams are made of. Arrays are shared with whoever made them; don't change them. */
    public sealed interface Value {
        /** A name that is there, and says that by being there. */
        record Flag() implements Value {}

        record Bool(boolean value) implements Value {}

        /** A number of 8 to 64 bits, signed or not, by its type's number in sys/nvpair.h. */
        record Number(int type, long value) implements Value {}

        record Text(String value) implements Value {}

        record Bytes(byte[] value) implements Value {}

        record Numbers(int type, List<Long> values) implements Value {
            public Numbers {
                values = List.copyOf(values);
            }
        }

        record Texts(List<String> values) implements Value {
            public Texts {
                values = List.copyOf(values);
            }
        }

        record Nested(NvList value) implements Value {}

        record NestedList(List<NvList> values) implements Value {
            public NestedList {
                values = List.copyOf(values);
            }
        }
    }

    /** DATA_TYPE_UINT64. */
    public static Value number(long value) {
        return new Value.Number(NvCodec.UINT64, value);
    }

    public static Value text(String value) {
        return new Value.Text(value);
    }

    public static Value nested(NvList value) {
        return new Value.Nested(value);
    }

    /** This list with one more member, or another value of it. */
    public NvList with(String name, Value value) {
        var all = new LinkedHashMap<>(members);
        all.put(name, value);
        return new NvList(all);
    }

    public Optional<Value> get(String name) {
        return Optional.ofNullable(members.get(name));
    }

    /** @throws StreamException when there is no number of this name */
    long requireNumber(String name) {
        if (members.get(name) instanceof Value.Number(int _, long number)) {
            return number;
        }
        throw StreamException.stream("a list of names and values (nvlist) has no number '" + name + "'");
    }

    /** The list of this name; empty when there is none. */
    public NvList list(String name) {
        return members.get(name) instanceof Value.Nested(NvList list) ? list : EMPTY;
    }

    /** Reads the XDR encoding. @throws StreamException when it isn't one */
    public static NvList decode(byte[] bytes) {
        return NvCodec.decode(bytes, bytes.length);
    }

    /** Reads either encoding. @throws StreamException when it is none */
    static NvList decodeAny(byte[] bytes, int length) {
        return NvNative.isNative(bytes, length) ? NvNative.decode(bytes, length) : NvCodec.decode(bytes, length);
    }

    /** The XDR encoding, NV_ENCODE_XDR. */
    public byte[] encode() {
        return NvCodec.encode(this);
    }
}
