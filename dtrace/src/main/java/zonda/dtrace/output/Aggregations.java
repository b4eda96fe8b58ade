package zonda.dtrace.output;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import zonda.dtrace.code.Action.Datum;
import zonda.dtrace.code.Aggregate;
import zonda.dtrace.code.Format;
import zonda.dtrace.code.Options;
import zonda.dtrace.types.DType;
import zonda.kernel.BpfMap;

/** The aggregations of a session: what the kernel has counted, less what was cleared, sorted and printed. */
public final class Aggregations {
    /** Where values come from: all keys with the words of each processor. */
    public interface Source {
        /** A snapshot of an aggregation. */
        Map<Key, long[][]> read(Aggregate aggregate);

        void remove(Aggregate aggregate, Key key);

        /** Makes minimum and maximum forget. */
        void reset(Aggregate aggregate, Key key);
    }

    /** Bytes of a key, by their content. */
    public static final class Key {
        final byte[] bytes;

        public Key(byte[] bytes) {
            this.bytes = bytes.clone();
        }

        public byte[] bytes() {
            return bytes.clone();
        }

        ByteBuffer buffer() {
            return BpfMap.bytes(bytes.length).put(bytes).flip();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && Arrays.equals(bytes, key.bytes);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }
    }

    /** An entry of a snapshot. */
    public record Entry(Aggregate aggregate, Key key, long[] words) {}

    private final Source source;
    private final Options options;
    private final Printf printf;
    private final AggregateOrder order;
    private final Map<Integer, Map<Key, long[]>> cleared = new HashMap<>();
    private final Map<Integer, Long> normals = new HashMap<>();
    private final Set<Integer> printed = new HashSet<>();
    private final Map<Integer, List<Entry>> snapshot = new HashMap<>();

    Aggregations(Source source, Options options, Printf printf) {
        this.source = source;
        this.options = options;
        this.printf = printf;
        this.order = new AggregateOrder(options);
    }

    /** The next look sees what is there then. */
    void refresh() {
        snapshot.clear();
    }

    private List<Entry> entries(Aggregate aggregate) {
        return snapshot.computeIfAbsent(aggregate.id(), _ -> read(aggregate));
    }

    private List<Entry> read(Aggregate aggregate) {
        var entries = new ArrayList<Entry>();
        Map<Key, long[]> base = cleared.getOrDefault(aggregate.id(), Map.of());
        source.read(aggregate).forEach((key, perCpu) -> {
            long[] words = AggregateWords.merged(aggregate, perCpu);
            long[] less = base.get(key);
            if (words[0] == 0 && less == null) {
                return;
            }
            if (less != null) {
                AggregateWords.subtract(aggregate, words, less);
            }
            entries.add(new Entry(aggregate, key, words));
        });
        return entries;
    }

    /** Values become zero; keys stay. */
    void clear(Aggregate aggregate) {
        Map<Key, long[]> base = cleared.computeIfAbsent(aggregate.id(), _ -> new HashMap<>());
        source.read(aggregate).forEach((key, perCpu) -> {
            base.put(key, AggregateWords.merged(aggregate, perCpu));
            if (aggregate.function() == Aggregate.Function.MIN || aggregate.function() == Aggregate.Function.MAX) {
                source.reset(aggregate, key);
            }
        });
        snapshot.remove(aggregate.id());
    }

    /** Keeps the n highest, or with a negative n the lowest, or without one none. */
    void trunc(Aggregate aggregate, Optional<Long> keep) {
        List<Entry> sorted = new ArrayList<>(entries(aggregate));
        sorted.sort(AggregateOrder.byValue());
        long n = keep.orElse(0L);
        int size = sorted.size();
        List<Entry> removed = n >= 0
                ? sorted.subList(0, (int) Math.max(0, size - n))
                : sorted.subList((int) Math.min(size, -n), size);
        for (Entry entry : removed) {
            source.remove(aggregate, entry.key());
            cleared.getOrDefault(aggregate.id(), new HashMap<>()).remove(entry.key());
        }
        snapshot.remove(aggregate.id());
    }

    void normalize(Aggregate aggregate, long by) {
        normals.put(aggregate.id(), by == 0 ? 1 : by);
    }

    private long normal(Aggregate aggregate) {
        return normals.getOrDefault(aggregate.id(), 1L);
    }

    // Text.

    /** All that no printa() has printed. */
    String unprinted(Collection<Aggregate> all) {
        var out = new StringBuilder();
        for (Aggregate aggregate : all) {
            if (!printed.contains(aggregate.id())) {
                plain(aggregate, out);
            }
        }
        return out.toString();
    }

    private void plain(Aggregate aggregate, StringBuilder out) {
        List<Entry> sorted = new ArrayList<>(entries(aggregate));
        sorted.sort(order.order());
        var packed = new Packed(options);
        if (packed.shows(aggregate) && !sorted.isEmpty()) {
            List<Packed.Line> lines = sorted.stream()
                    .map(entry -> new Packed.Line(packedKeys(entry), entry.words()))
                    .toList();
            out.append(packed.of(aggregate, lines, normal(aggregate)));
            return;
        }
        for (Entry entry : sorted) {
            if (isEnough(out)) {
                return;
            }
            keys(entry, out);
            out.append(value(entry)).append('\n');
        }
    }

    /** Whether no more is to be shown at once. */
    private boolean isEnough(StringBuilder out) {
        return out.length() > options.most("printed");
    }

    String printa(Optional<Format> format, List<Aggregate> aggregates) {
        var out = new StringBuilder();
        aggregates.forEach(aggregate -> printed.add(aggregate.id()));
        if (format.isEmpty()) {
            out.append('\n');
        }
        if (aggregates.size() == 1 && format.isEmpty()) {
            plain(aggregates.getFirst(), out);
            return out.toString();
        }
        for (List<Entry> joined : joined(aggregates)) {
            if (isEnough(out)) {
                return out.toString();
            }
            if (format.isEmpty()) {
                keys(joined.getFirst(), out);
                joined.forEach(entry -> out.append(value(entry)));
                out.append('\n');
            } else {
                out.append(formatted(format.get(), joined));
            }
        }
        return out.toString();
    }

    /** Entries of all aggregations with the same key; one that has none has zero. */
    private List<List<Entry>> joined(List<Aggregate> aggregates) {
        var maps = new ArrayList<Map<Key, Entry>>();
        var keys = new LinkedHashSet<Key>();
        for (Aggregate aggregate : aggregates) {
            var map = new LinkedHashMap<Key, Entry>();
            entries(aggregate).forEach(entry -> {
                Entry full = full(entry);
                map.put(full.key(), full);
            });
            maps.add(map);
            keys.addAll(map.keySet());
        }
        var all = new ArrayList<List<Entry>>();
        for (Key key : keys) {
            var row = new ArrayList<Entry>();
            for (int i = 0; i < aggregates.size(); i++) {
                Aggregate aggregate = aggregates.get(i);
                row.add(maps.get(i).getOrDefault(key, new Entry(full(aggregate), key, new long[aggregate.words()])));
            }
            all.add(row);
        }
        int position = (int) Math.min(options.number("aggsortpos"), aggregates.size() - 1);
        Comparator<Entry> single = order.order();
        all.sort((one, other) -> single.compare(one.get(position), other.get(position)));
        return all;
    }

    /** Keys with strings of full size, so that those of several aggregations can be compared. */
    private static Aggregate full(Aggregate aggregate) {
        List<DType> keys = aggregate.keys().stream()
                .map(type -> type.isString() ? DType.STRING : type)
                .toList();
        return new Aggregate(aggregate.id(), aggregate.name(), aggregate.function(), keys, aggregate.parameters());
    }

    private Entry full(Entry entry) {
        Aggregate wide = full(entry.aggregate());
        if (wide.keys().equals(entry.aggregate().keys())) {
            return entry;
        }
        ByteBuffer key = BpfMap.bytes(wide.keySize(options.stringSize()));
        byte[] own = entry.key().bytes();
        int from = 0;
        int to = 0;
        for (int i = 0; i < wide.keys().size(); i++) {
            int size = Aggregate.size(entry.aggregate().keys().get(i), options.stringSize());
            key.put(to, own, from, size);
            from += size;
            to += Aggregate.size(wide.keys().get(i), options.stringSize());
        }
        return new Entry(wide, new Key(key.array()), entry.words());
    }

    private void keys(Entry entry, StringBuilder out) {
        ByteBuffer key = entry.key().buffer();
        int offset = 0;
        for (DType type : entry.aggregate().keys()) {
            var datum = new Datum(offset, type);
            switch (type) {
                case DType.Str _ ->
                    out.append("  ")
                            .append(Values.paddedRight(
                                    Values.text(Values.bytes(key, offset, Aggregate.size(type, options.stringSize()))),
                                    50));
                case DType.Addresses addresses -> {
                    if (addresses.isStack()) {
                        out.append('\n')
                                .append(String.join("\n", printf.stackLines(datum, key)))
                                .append('\n');
                    } else {
                        out.append("  ").append(Values.paddedRight(printf.symbol(datum, key), 50));
                    }
                }
                default -> out.append(Records.number(Values.number(key, offset, type), type, false));
            }
            offset += Aggregate.size(type, options.stringSize());
        }
    }

    /** Keys with strings as wide as numbers. */
    private String packedKeys(Entry entry) {
        var out = new StringBuilder();
        ByteBuffer key = entry.key().buffer();
        int offset = 0;
        for (DType type : entry.aggregate().keys()) {
            var datum = new Datum(offset, type);
            String text = switch (type) {
                case DType.Str _ -> Values.text(Values.bytes(key, offset, Aggregate.size(type, options.stringSize())));
                case DType.Addresses _ -> printf.symbol(datum, key);
                default -> Long.toString(Values.number(key, offset, type));
            };
            out.append(' ').append(Values.padded(text, Packed.width(type)));
            offset += Aggregate.size(type, options.stringSize());
        }
        return out.toString();
    }

    private String value(Entry entry) {
        Aggregate aggregate = entry.aggregate();
        return switch (aggregate.function()) {
            case QUANTIZE, LQUANTIZE, LLQUANTIZE ->
                Distribution.of(aggregate, entry.words(), normal(aggregate), Bars.of(options));
            default -> " " + Values.padded(scalarText(entry), 16);
        };
    }

    private long scalar(Entry entry) {
        long[] words = entry.words();
        long normal = normal(entry.aggregate());
        return switch (entry.aggregate().function()) {
            case COUNT -> words[0] / normal;
            case SUM, MIN, MAX -> words[1] / normal;
            case AVG -> words[0] == 0 ? 0 : words[1] / normal / words[0];
            case STDDEV -> Distribution.deviation(words, normal);
            default -> 0;
        };
    }

    private String scalarText(Entry entry) {
        return Long.toString(scalar(entry));
    }

    private String formatted(Format format, List<Entry> joined) {
        Entry first = joined.getFirst();
        var data = new ArrayList<Datum>();
        int offset = 0;
        for (DType type : first.aggregate().keys()) {
            data.add(new Datum(offset, type));
            offset += Aggregate.size(type, options.stringSize());
        }
        return printf.format(
                format, data, first.key().buffer(), (conversion, index) -> value(conversion, joined, index));
    }

    private String value(Format.Piece.Conversion conversion, List<Entry> joined, int index) {
        Entry entry = joined.get(Math.min(index, joined.size() - 1));
        boolean picture = entry.aggregate().function().ordinal() >= Aggregate.Function.QUANTIZE.ordinal();
        if (picture) {
            return Distribution.of(entry.aggregate(), entry.words(), normal(entry.aggregate()), Bars.of(options));
        }
        int width = (int) Math.clamp(conversion.width(), 0, options.most("blanks"));
        int precision = (int) Math.min(conversion.precision(), options.most("blanks"));
        String text = Printf.number(conversion, precision, width, scalar(entry), DType.INT64);
        return Printf.pad(text, width, conversion.flags().indexOf('-') >= 0);
    }

    /** Lines for programs instead of text. */
    String json(Collection<Aggregate> all, JsonView view) {
        var out = new StringBuilder();
        for (Aggregate aggregate : all) {
            for (Entry entry : sorted(aggregate)) {
                out.append(view.entry(entry, scalar(entry)));
            }
        }
        return out.toString();
    }

    /** Stacks among the keys, outermost frame first, and what was aggregated for each. */
    Map<List<String>, Long> stacks(Collection<Aggregate> all) {
        var stacks = new LinkedHashMap<List<String>, Long>();
        for (Aggregate aggregate : all) {
            for (Entry entry : sorted(aggregate)) {
                var frames = new ArrayList<String>();
                int offset = 0;
                for (DType type : aggregate.keys()) {
                    var datum = new Datum(offset, type);
                    if (type instanceof DType.Addresses addresses && addresses.isStack()) {
                        // The frames of the kernel lie above those of the program.
                        List<String> own =
                                printf.frames(datum, entry.key().buffer()).reversed();
                        frames.addAll(addresses.kind() == DType.Addresses.Kind.USTACK ? 0 : frames.size(), own);
                    } else if (type.isString()) {
                        frames.addFirst(Values.text(Values.bytes(
                                entry.key().buffer(), offset, Aggregate.size(type, options.stringSize()))));
                    }
                    offset += Aggregate.size(type, options.stringSize());
                }
                boolean has = aggregate.keys().stream()
                        .anyMatch(type -> type instanceof DType.Addresses addresses && addresses.isStack());
                if (has && scalar(entry) > 0) {
                    stacks.merge(frames, scalar(entry), Long::sum);
                }
            }
        }
        return stacks;
    }

    /** What all distributions count, by the lowest value of each bucket. */
    SortedMap<Long, Long> distributions(Collection<Aggregate> all) {
        var counts = new TreeMap<Long, Long>();
        for (Aggregate aggregate : all) {
            switch (aggregate.function()) {
                case QUANTIZE, LQUANTIZE, LLQUANTIZE -> {
                    for (Entry entry : sorted(aggregate)) {
                        for (int i = 0; i + 1 < entry.words().length; i++) {
                            if (entry.words()[i + 1] != 0) {
                                counts.merge(Distribution.lowest(aggregate, i), entry.words()[i + 1], Long::sum);
                            }
                        }
                    }
                }
                case COUNT, SUM, AVG, MIN, MAX, STDDEV -> {}
            }
        }
        return counts;
    }

    /** All entries of an aggregation, sorted, for other views than text. */
    public List<Entry> sorted(Aggregate aggregate) {
        List<Entry> sorted = new ArrayList<>(entries(aggregate));
        sorted.sort(order.order());
        return sorted;
    }
}
