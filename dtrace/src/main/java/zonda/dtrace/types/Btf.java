package zonda.dtrace.types;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The kernel's types: /sys/kernel/btf/vmlinux, the format of linux/btf.h. Types are made when they are asked for. */
public final class Btf {
    static final int KIND_INT = 1;
    static final int KIND_POINTER = 2;
    static final int KIND_ARRAY = 3;
    static final int KIND_STRUCT = 4;
    static final int KIND_UNION = 5;
    static final int KIND_ENUM = 6;
    static final int KIND_FORWARD = 7;
    static final int KIND_TYPEDEF = 8;
    static final int KIND_FUNCTION = 12;
    static final int KIND_PROTOTYPE = 13;
    private static final int MAGIC = 0xeb9f;
    private static final Path DIRECTORY = Path.of("/sys/kernel/btf");
    private static final Path VMLINUX = DIRECTORY.resolve("vmlinux");

    /** The kernel's own types, when these are those that a module adds: their numbers and texts go on behind it. */
    private final Optional<Btf> base;

    private final ByteBuffer data;
    private final int strings;
    private final int stringsSize;
    private final int firstId;
    private final int firstString;
    private final int[] offsets;
    private final int count;
    private final Map<Integer, DType> made = new HashMap<>();
    private final Map<Long, Integer> names;
    private final Map<String, Integer> functions = new HashMap<>();
    private final Map<String, Optional<Btf>> modules = new HashMap<>();

    /** What a function takes and gives back. @param result void where it gives nothing */
    public record Prototype(List<DType> parameters, DType result) {
        public Prototype {
            parameters = List.copyOf(parameters);
        }
    }

    private Btf(byte[] bytes, Optional<Btf> base) {
        this.base = base;
        firstId = base.map(all -> all.count).orElse(1);
        firstString = base.map(all -> all.firstString + all.stringsSize).orElse(0);
        data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if ((data.getShort(0) & 0xffff) != MAGIC) {
            throw new IllegalArgumentException("this is not BTF");
        }
        int header = data.getInt(4);
        int types = header + data.getInt(8);
        int end = types + data.getInt(12);
        strings = header + data.getInt(16);
        stringsSize = data.getInt(20);
        int[] found = new int[(end - types) / 12 + 2 + firstId];
        names = HashMap.newHashMap(base.isPresent() ? 16 : 1 << 17);
        int id = firstId;
        for (int at = types; at < end; at += 12 + extra(at), id++) {
            found[id] = at;
            int kind = kind(at);
            if (base.isEmpty() && kind != KIND_FUNCTION && data.getInt(at) != 0) {
                names.putIfAbsent(key(group(kind), hash(strings + data.getInt(at))), id);
            }
        }
        offsets = found;
        count = id;
    }

    /** @throws UncheckedIOException when this kernel has none */
    public static Btf ofKernel() {
        return of(VMLINUX);
    }

    static Btf of(Path file) {
        try {
            return of(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException("read the kernel's types from " + file, e);
        }
    }

    static Btf of(byte[] bytes) {
        return new Btf(bytes, Optional.empty());
    }

    /** Types of one of the kernel's modules; empty when it brings none. These are the kernel's. */
    public synchronized Optional<Btf> module(String name) {
        return modules.computeIfAbsent(name, _ -> {
            Path file = DIRECTORY.resolve(name);
            try {
                return name.contains("/") || !Files.exists(file)
                        ? Optional.empty()
                        : Optional.of(module(Files.readAllBytes(file)));
            } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
                return Optional.empty();
            }
        });
    }

    Btf module(byte[] bytes) {
        return new Btf(bytes, Optional.of(this));
    }

    private static long key(int group, int hash) {
        return (long) group << 32 | hash & 0xffffffffL;
    }

    /** Names are of one of four spaces: structs, unions, enums, and all others. */
    private static int group(int kind) {
        return kind == KIND_STRUCT || kind == KIND_UNION || kind == KIND_ENUM || kind == 19 ? kind : 0;
    }

    private int hash(int at) {
        int hash = 17;
        for (int i = at; data.get(i) != 0; i++) {
            hash = hash * 31 + data.get(i);
        }
        return hash;
    }

    private static int hash(String text) {
        int hash = 17;
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            hash = hash * 31 + b;
        }
        return hash;
    }

    private int kind(int at) {
        return data.getInt(at + 4) >>> 24 & 31;
    }

    private int length(int at) {
        return data.getInt(at + 4) & 0xffff;
    }

    private int extra(int at) {
        int length = length(at);
        return switch (kind(at)) {
            case 1, 14, 17 -> 4;
            case 3 -> 12;
            case 4, 5, 15, 19 -> 12 * length;
            case 6, 13 -> 8 * length;
            default -> 0;
        };
    }

    private String string(int offset) {
        if (offset < firstString) {
            return base.orElseThrow().string(offset);
        }
        int start = strings + offset - firstString;
        int end = start;
        while (data.get(end) != 0) {
            end++;
        }
        return new String(data.array(), start, end - start, StandardCharsets.UTF_8);
    }

    /** The id of a type by kind and name. */
    Optional<Integer> find(int kind, String name) {
        if (base.isPresent()) {
            return base.get().find(kind, name);
        }
        Integer id = names.get(key(group(kind), hash(name)));
        if (id != null && string(data.getInt(offsets[id])).equals(name)) {
            return Optional.of(id);
        }
        if (id == null) {
            return Optional.empty();
        }
        // Two names with one hash: look at all.
        for (int i = 1; i < count; i++) {
            if (group(kind(offsets[i])) == group(kind)
                    && string(data.getInt(offsets[i])).equals(name)) {
                return Optional.of(i);
            }
        }
        return Optional.empty();
    }

    public Optional<DType> struct(String tag) {
        return find(KIND_STRUCT, tag).map(this::type);
    }

    public Optional<DType> union(String tag) {
        return find(KIND_UNION, tag).map(this::type);
    }

    public Optional<DType> enumeration(String tag) {
        return find(KIND_ENUM, tag).or(() -> find(19, tag)).map(this::type);
    }

    public Optional<DType> typedef(String name) {
        return find(KIND_TYPEDEF, name)
                .filter(id -> kind(offsets[id]) == KIND_TYPEDEF || kind(offsets[id]) == KIND_INT)
                .map(this::type);
    }

    /** The id of {@code btf_trace_NAME}, by which a program attaches to a tracepoint. */
    public Optional<Integer> tracepoint(String name) {
        return find(KIND_TYPEDEF, "btf_trace_" + name);
    }

    /** Types of a tracepoint's arguments. */
    public List<DType> tracepointArguments(String name) {
        Optional<Integer> typedef = tracepoint(name);
        if (typedef.isEmpty()) {
            return List.of();
        }
        int prototype = offsets[data.getInt(offsets[data.getInt(offsets[typedef.get()] + 8)] + 8)];
        var types = new ArrayList<DType>();
        // The first parameter is the tracepoint's own data.
        for (int i = 1; i < length(prototype); i++) {
            types.add(type(data.getInt(prototype + 12 + 8 * i + 4)));
        }
        return types;
    }

    /** The prototype of one of the functions that are in here: the kernel's own, or those of the module. */
    public synchronized Optional<Prototype> function(String name) {
        if (functions.isEmpty()) {
            for (int id = firstId; id < count; id++) {
                if (kind(offsets[id]) == KIND_FUNCTION) {
                    functions.putIfAbsent(string(data.getInt(offsets[id])), id);
                }
            }
        }
        return Optional.ofNullable(functions.get(name)).map(id -> prototype(data.getInt(offsets[id] + 8)));
    }

    private Prototype prototype(int id) {
        if (id < firstId) {
            return base.orElseThrow().prototype(id);
        }
        int at = offsets[id];
        var parameters = new ArrayList<DType>();
        for (int i = 0; i < length(at); i++) {
            parameters.add(type(data.getInt(at + 12 + 8 * i + 4)));
        }
        return new Prototype(parameters, type(data.getInt(at + 8)));
    }

    /** Names of all tracepoints, sorted. */
    public List<String> tracepoints() {
        var all = new TreeMap<String, Integer>();
        for (int id = 1; id < count; id++) {
            if (kind(offsets[id]) == KIND_TYPEDEF) {
                String name = string(data.getInt(offsets[id]));
                if (name.startsWith("btf_trace_")) {
                    all.put(name.substring(10), id);
                }
            }
        }
        return List.copyOf(all.keySet());
    }

    /** The value of an enumerator, of whatever enumeration. */
    public Optional<Long> enumerator(String name) {
        for (int id = 1; id < count; id++) {
            int at = offsets[id];
            int kind = kind(at);
            for (int i = 0; (kind == KIND_ENUM || kind == 19) && i < length(at); i++) {
                int entry = at + 12 + (kind == KIND_ENUM ? 8 : 12) * i;
                if (string(data.getInt(entry)).equals(name)) {
                    return Optional.of((long) data.getInt(entry + 4));
                }
            }
        }
        return Optional.empty();
    }

    /** The name of a value of the enumeration with that tag. */
    public Optional<String> enumerator(String tag, long value) {
        Optional<Integer> id = find(KIND_ENUM, tag).or(() -> find(19, tag));
        if (id.isEmpty()) {
            return Optional.empty();
        }
        int at = offsets[id.get()];
        int size = kind(at) == KIND_ENUM ? 8 : 12;
        for (int i = 0; i < length(at); i++) {
            int entry = at + 12 + size * i;
            if (data.getInt(entry + 4) == (int) value) {
                return Optional.of(string(data.getInt(entry)));
            }
        }
        return Optional.empty();
    }

    synchronized DType type(int id) {
        if (id == 0) {
            return DType.VOID;
        }
        if (id < firstId) {
            return base.orElseThrow().type(id);
        }
        DType known = made.get(id);
        if (known != null) {
            return known;
        }
        DType type = make(id);
        made.put(id, type);
        return type;
    }

    private DType make(int id) {
        int at = offsets[id];
        String name = string(data.getInt(at));
        int word = data.getInt(at + 8);
        return switch (kind(at)) {
            case KIND_INT -> {
                int encoding = data.getInt(at + 12) >>> 24;
                yield new DType.Int(name, word, (encoding & 1) != 0);
            }
            case KIND_POINTER -> new DType.Pointer(type(word));
            case KIND_ARRAY -> new DType.Array(type(data.getInt(at + 12)), data.getInt(at + 20));
            case KIND_STRUCT, KIND_UNION -> {
                String keyword = kind(at) == KIND_STRUCT ? "struct" : "union";
                yield new DType.Struct(keyword + " " + name, word, () -> members(at));
            }
            case KIND_ENUM -> new DType.Int("enum " + name, word, data.getInt(at + 4) < 0);
            case 19 -> new DType.Int("enum " + name, word, data.getInt(at + 4) < 0);
            case KIND_FORWARD ->
                (data.getInt(at + 4) < 0 ? union(name) : struct(name))
                        .orElseGet(() -> new DType.Struct("struct " + name, 0, List::of));
            case KIND_TYPEDEF ->
                switch (type(word)) {
                    case DType.Int(var _, int size, boolean signed) -> new DType.Int(name, size, signed);
                    case DType.Struct struct -> struct.as(name);
                    case DType other -> other;
                };
            case 9, 10, 11, 18 -> type(word);
            case KIND_PROTOTYPE -> new DType.Function(type(word));
            case 16 -> new DType.Int(name, word, true);
            default -> DType.VOID;
        };
    }

    private List<DType.Member> members(int at) {
        boolean bitFields = data.getInt(at + 4) < 0;
        var members = new ArrayList<DType.Member>();
        for (int i = 0; i < length(at); i++) {
            int entry = at + 12 + 12 * i;
            int offset = data.getInt(entry + 8);
            int bits = bitFields ? offset >>> 24 : 0;
            members.add(new DType.Member(
                    string(data.getInt(entry)),
                    type(data.getInt(entry + 4)),
                    bitFields ? offset & 0xffffff : offset,
                    bits));
        }
        return members;
    }
}
