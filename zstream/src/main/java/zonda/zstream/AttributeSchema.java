package zonda.zstream;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the attributes of a filesystem's files lie in their bonus and spill, sys/sa_impl.h: a header with a layout's
 * number and the lengths of what varies, then the values in the layout's order, each rounded up to 8 bytes.
 */
final class AttributeSchema {
    static final int MAGIC = 0x2F505A;

    /** An attribute as the registry of the filesystem has it. */
    record Registered(String name, int number, int length) {}

    private final Map<Integer, Registered> registry = new HashMap<>();
    private final Map<Integer, int[]> layouts = new HashMap<>();

    private AttributeSchema() {}

    /** Without any: of a filesystem before version 5. */
    static AttributeSchema none() {
        return new AttributeSchema();
    }

    static AttributeSchema of(StoredObject registryObject, StoredObject layoutsObject) {
        var schema = new AttributeSchema();
        Zap.numbers(registryObject).forEach((name, entry) -> {
            int number = (int) (entry & 0xffff);
            schema.registry.put(number, new Registered(name, number, (int) (entry >>> 24 & 0xffff)));
        });
        for (Zap.Entry entry : Zap.entries(layoutsObject)) {
            if (entry.width() != 2 || !entry.name().matches("\\d{1,4}")) {
                throw StreamException.of(layoutsObject.id(), "a layout of attributes that isn't one");
            }
            int[] numbers = new int[entry.value().length / 2];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = Words.BIG.u16(entry.value(), 2 * i);
            }
            schema.layouts.put(Integer.parseInt(entry.name()), numbers);
        }
        return schema;
    }

    Map<Integer, Registered> registry() {
        return registry;
    }

    Map<Integer, int[]> layouts() {
        return layouts;
    }

    /** The values by their registered names, in the little byte order. @throws StreamException when it isn't so laid out */
    Map<String, byte[]> values(StoredObject object) {
        Map<String, byte[]> values = new LinkedHashMap<>();
        collect(object, object.bonus(), values);
        if (object.spill().length > 0) {
            collect(object, object.spill(), values);
        }
        return values;
    }

    private void collect(StoredObject object, byte[] bytes, Map<String, byte[]> values) {
        Words words = order(object, bytes);
        int info = words.u16(bytes, 4);
        int[] layout = layouts.get(info & 0x3ff);
        if (layout == null) {
            throw StreamException.of(object.id(), "its attributes have the unknown layout " + (info & 0x3ff));
        }
        int header = (info >>> 10) * 8;
        int at = Math.max(8, header);
        int varying = 0;
        for (int number : layout) {
            Registered attribute = registry.get(number);
            if (attribute == null) {
                throw StreamException.of(object.id(), "it has the attribute " + number + ", which isn't registered");
            }
            int length = attribute.length();
            if (length == 0) {
                int field = 6 + 2 * varying++;
                if (field + 2 > Math.min(header, bytes.length)) {
                    throw StreamException.of(object.id(), "the header of its attributes is too short");
                }
                length = words.u16(bytes, field);
            }
            if (at + length > bytes.length) {
                throw StreamException.of(
                        object.id(),
                        "its attribute " + attribute.name() + " reaches beyond the " + bytes.length
                                + " bytes of attributes");
            }
            values.put(attribute.name(), value(words, bytes, at, attribute, length));
            at += (length + 7) & ~7;
        }
    }

    private static byte[] value(Words words, byte[] bytes, int at, Registered attribute, int length) {
        byte[] value = Arrays.copyOfRange(bytes, at, at + length);
        return words == Words.BIG ? swapped(attribute, value, words) : value;
    }

    /** The value, which is in this byte order, in the other one. */
    static byte[] swapped(Registered attribute, byte[] value, Words from) {
        byte[] swapped = value.clone();
        if (value.length % 8 == 0 && attribute.length() != 0 && isNumbers(attribute.name())) {
            Words.swap64(swapped, 0, swapped.length);
        } else if (attribute.name().equals(Attribute.DACL_ACES.registered())) {
            swapAces(swapped, from);
        }
        return swapped;
    }

    private static boolean isNumbers(String name) {
        return !List.of(Attribute.ZNODE_ACL.registered(), Attribute.SCANSTAMP.registered())
                .contains(name);
    }

    /** zfs_ace_hdr_t: type and flags of 16 bits, a mask of 32, and for some kinds an id of 64 or two objects of 128. */
    private static void swapAces(byte[] aces, Words from) {
        int at = 0;
        while (at + 8 <= aces.length) {
            boolean hasId = (from.u16(aces, at + 2) & 0x7000) == 0;
            Words.swap16(aces, at);
            Words.swap16(aces, at + 2);
            Words.swap32(aces, at + 4);
            if (hasId && at + 16 <= aces.length) {
                Words.swap64(aces, at + 8, at + 16);
            }
            at += hasId ? 16 : 8;
        }
    }

    private static Words order(StoredObject object, byte[] bytes) {
        if (bytes.length >= 8) {
            for (Words words : Words.values()) {
                if (words.i32(bytes, 0) == MAGIC) {
                    return words;
                }
            }
        }
        throw StreamException.of(object.id(), "its attributes don't begin as attributes do");
    }
}
