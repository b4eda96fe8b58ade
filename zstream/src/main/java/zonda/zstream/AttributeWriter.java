package zonda.zstream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Lays attributes of files out, in layouts that the filesystem has or gets. All goes into the bonus when it fits there;
 * else what comes last goes into the spill block, whose pointer takes the end of the bonus. ZFS takes a bonus that is
 * longer than its dnode and loses the end of it without a word, so the sizes are kept strictly.
 */
final class AttributeWriter {
    /** Of a dnode of one slot, DN_OLD_MAX_BONUSLEN. */
    static final int BONUS = 320;

    /** Of one with the pointer to a spill block. */
    static final int BONUS_WITH_SPILL = 192;

    /** SPA_OLD_MAXBLOCKSIZE. */
    static final int LARGEST_SPILL = 128 * 1024;

    private static final int LARGEST_LAYOUT = 1023;
    private static final int FIRST_LAYOUT = 2;

    private final Words words;
    private final Map<String, AttributeSchema.Registered> registry = new TreeMap<>();
    private final Map<Integer, int[]> layouts = new TreeMap<>();
    private boolean isRegistryChanged;
    private boolean areLayoutsChanged;

    /** Bonus and spill of an object; the spill is empty when it isn't needed. */
    record Laid(byte[] bonus, byte[] spill) {}

    /** @param schema of the filesystem as it is so far; of none, for a new one */
    AttributeWriter(AttributeSchema schema, Words words) {
        this.words = words;
        schema.registry().values().forEach(attribute -> registry.put(attribute.name(), attribute));
        layouts.putAll(schema.layouts());
        for (Attribute attribute : Attribute.values()) {
            if (!registry.containsKey(attribute.registered())) {
                int number = registry.values().stream()
                                .mapToInt(AttributeSchema.Registered::number)
                                .max()
                                .orElse(-1)
                        + 1;
                registry.put(
                        attribute.registered(),
                        new AttributeSchema.Registered(attribute.registered(), number, attribute.length()));
                isRegistryChanged = true;
            }
        }
    }

    boolean isRegistryChanged() {
        return isRegistryChanged;
    }

    boolean areLayoutsChanged() {
        return areLayoutsChanged;
    }

    ZapWriter.Content registry(long salt) {
        Map<String, Long> entries = new TreeMap<>();
        registry.values()
                .forEach(known -> entries.put(
                        known.name(),
                        Attribute.named(known.name())
                                .map(attribute -> attribute.registration(known.number()))
                                .orElse((long) known.length() << 24 | known.number())));
        return ZapWriter.numbers(entries, salt);
    }

    ZapWriter.Content layouts(long salt) {
        Map<String, int[]> entries = new TreeMap<>();
        layouts.forEach((number, attributes) -> entries.put(String.valueOf(number), attributes));
        return ZapWriter.lists(entries, salt);
    }

    /** @param values by registered name, in the order in which they lie, in the little byte order */
    Laid lay(long object, Map<String, byte[]> values) {
        List<Map.Entry<String, byte[]>> all = new ArrayList<>(values.entrySet());
        if (size(all) <= BONUS) {
            return new Laid(put(all, size(all)), new byte[0]);
        }
        int kept = all.size();
        while (size(all.subList(0, kept)) > BONUS_WITH_SPILL) {
            kept--;
        }
        List<Map.Entry<String, byte[]>> rest = all.subList(kept, all.size());
        int size = size(rest);
        if (size > LARGEST_SPILL) {
            throw StreamException.of(
                    object,
                    "its attributes have " + size + " bytes, and up to " + LARGEST_SPILL + " fit into a spill block");
        }
        List<Map.Entry<String, byte[]>> first = all.subList(0, kept);
        // Up to the pointer to the spill block, as ZFS itself makes it.
        return new Laid(put(first, BONUS_WITH_SPILL), put(rest, size + 511 & ~511));
    }

    private int header(List<Map.Entry<String, byte[]>> values) {
        long varying =
                values.stream().filter(value -> registered(value).length() == 0).count();
        return (int) (6 + 2 * Math.max(1, varying) + 7) & ~7;
    }

    private AttributeSchema.Registered registered(Map.Entry<String, byte[]> value) {
        AttributeSchema.Registered registered = registry.get(value.getKey());
        if (registered == null) {
            throw new IllegalStateException("an attribute that isn't registered: " + value.getKey());
        }
        return registered;
    }

    private int size(List<Map.Entry<String, byte[]>> values) {
        return header(values)
                + values.stream()
                        .mapToInt(value -> value.getValue().length + 7 & ~7)
                        .sum();
    }

    private byte[] put(List<Map.Entry<String, byte[]>> values, int size) {
        byte[] bytes = new byte[size];
        int header = header(values);
        words.put32(bytes, 0, AttributeSchema.MAGIC);
        words.put16(bytes, 4, header / 8 << 10 | layout(values));
        int at = header;
        int field = 6;
        for (var value : values) {
            AttributeSchema.Registered attribute = registered(value);
            byte[] content = value.getValue();
            if (attribute.length() == 0) {
                words.put16(bytes, field, content.length);
                field += 2;
            } else if (attribute.length() != content.length) {
                throw new IllegalStateException(attribute + " with " + content.length + " bytes");
            }
            System.arraycopy(ordered(attribute, content), 0, bytes, at, content.length);
            at += content.length + 7 & ~7;
        }
        return bytes;
    }

    private byte[] ordered(AttributeSchema.Registered attribute, byte[] content) {
        return words == Words.LITTLE ? content : AttributeSchema.swapped(attribute, content, Words.LITTLE);
    }

    private int layout(List<Map.Entry<String, byte[]>> values) {
        int[] numbers =
                values.stream().mapToInt(value -> registered(value).number()).toArray();
        for (var layout : layouts.entrySet()) {
            if (Arrays.equals(layout.getValue(), numbers)) {
                return layout.getKey();
            }
        }
        int number = Math.max(
                FIRST_LAYOUT,
                layouts.keySet().stream().mapToInt(n -> n + 1).max().orElse(0));
        if (number > LARGEST_LAYOUT) {
            throw StreamException.stream("the filesystem has too many layouts of attributes");
        }
        layouts.put(number, numbers);
        areLayoutsChanged = true;
        return number;
    }
}
