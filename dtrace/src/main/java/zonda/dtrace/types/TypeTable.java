package zonda.dtrace.types;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.syntax.TypeExpr;

/** The types by name that one program can use. */
public final class TypeTable {
    private static final Map<String, DType> BUILT_IN = builtIn();

    private final Map<String, DType> typedefs = new HashMap<>();
    private final Map<String, DType.Struct> tags = new HashMap<>();
    private final Map<String, DType> enumerations = new HashMap<>();
    private final Map<String, Long> enumerators = new HashMap<>();
    private final Map<String, Map<Long, String>> enumeratorNames = new HashMap<>();
    private final Supplier<Optional<Btf>> kernel;

    /** @param kernel asked for when a name is not known here */
    public TypeTable(Supplier<Optional<Btf>> kernel) {
        this.kernel = kernel;
    }

    private static Map<String, DType> builtIn() {
        var types = new HashMap<String, DType>();
        String[] signed = {
            "char 1",
            "signed char 1",
            "short 2",
            "short int 2",
            "signed short 2",
            "int 4",
            "signed 4",
            "signed int 4",
            "long 8",
            "long int 8",
            "signed long 8",
            "long long 8",
            "long long int 8",
            "signed long long 8",
            "int8_t 1",
            "int16_t 2",
            "int32_t 4",
            "int64_t 8",
            "intptr_t 8",
            "ssize_t 8",
            "ptrdiff_t 8",
            "pid_t 4",
            "id_t 4",
            "longlong_t 8",
            "hrtime_t 8",
            "time_t 8",
            "off_t 8",
            "zoneid_t 4",
            "projid_t 4",
            "taskid_t 4",
            "processorid_t 4",
            "psetid_t 4",
            "lgrp_id_t 4",
            "ctid_t 4",
            "offset_t 8",
            "clock_t 8",
            "signed short int 2",
            "signed long int 8",
            "signed long long int 8",
            "boolean_t 4",
            "poolid_t 4",
            "diskaddr_t 8",
        };
        String[] unsigned = {
            "unsigned char 1",
            "unsigned short 2",
            "unsigned short int 2",
            "unsigned 4",
            "unsigned int 4",
            "unsigned long 8",
            "unsigned long int 8",
            "long unsigned int 8",
            "unsigned long long 8",
            "unsigned long long int 8",
            "uint8_t 1",
            "uint16_t 2",
            "uint32_t 4",
            "uint64_t 8",
            "uintptr_t 8",
            "size_t 8",
            "uid_t 4",
            "gid_t 4",
            "uchar_t 1",
            "ushort_t 2",
            "uint_t 4",
            "ulong_t 8",
            "u_longlong_t 8",
            "dev_t 8",
            "major_t 4",
            "minor_t 4",
            "mode_t 4",
            "ino_t 8",
            "_Bool 1",
            "u_int 4",
            "u_long 8",
            "u_char 1",
            "u_short 2",
            "ino64_t 8",
            "ipaddr_t 4",
            "in_port_t 2",
            "tcp_seq 4",
            "zfs_prop_t 4",
            "id64_t 8",
        };
        for (String entry : signed) {
            add(types, entry, true);
        }
        for (String entry : unsigned) {
            add(types, entry, false);
        }
        types.put("float", new DType.Float("float", 4));
        types.put("double", new DType.Float("double", 8));
        types.put("long double", new DType.Float("long double", 16));
        types.put("void", DType.VOID);
        types.put("string", DType.STRING);
        types.put("caddr_t", new DType.Pointer(DType.CHAR));
        return Map.copyOf(types);
    }

    private static void add(Map<String, DType> types, String entry, boolean signed) {
        int blank = entry.lastIndexOf(' ');
        String name = entry.substring(0, blank);
        types.put(name, new DType.Int(name, Integer.parseInt(entry.substring(blank + 1)), signed));
    }

    /** Whether a word is a type's name. The kernel's types are asked last. */
    public boolean isType(String name) {
        return BUILT_IN.containsKey(name)
                || typedefs.containsKey(name)
                || name.endsWith("_t")
                        && kernel.get().flatMap(btf -> btf.typedef(name)).isPresent();
    }

    public void define(String name, DType type) {
        typedefs.put(
                name,
                switch (type) {
                    case DType.Int(String of, int size, boolean signed)
                    when !of.startsWith("enum ") -> new DType.Int(name, size, signed);
                    case DType.Struct struct -> struct.as(name);
                    default -> type;
                });
    }

    public Optional<Long> enumerator(String name) {
        Long own = enumerators.get(name);
        return own != null ? Optional.of(own) : Optional.empty();
    }

    /** The name of a value of an enumeration, by the enumeration's name: {@code enum tag}. */
    public Optional<String> enumerator(String type, long value) {
        Map<Long, String> own = enumeratorNames.get(type);
        if (own != null) {
            return Optional.ofNullable(own.get(value));
        }
        return type.startsWith("enum ")
                ? kernel.get().flatMap(btf -> btf.enumerator(type.substring(5), value))
                : Optional.empty();
    }

    /** Whether an enumeration has an enumerator of that name; its value. */
    public Optional<Long> enumeratorOf(String type, String name) {
        Map<Long, String> own = enumeratorNames.get(type);
        return own == null || !own.containsValue(name) ? Optional.empty() : enumerator(name);
    }

    /** The value of one of the kernel's enumerators. */
    public Optional<Long> kernelEnumerator(String name) {
        return kernel.get().flatMap(btf -> btf.enumerator(name));
    }

    public Optional<Btf> kernelTypes() {
        return kernel.get();
    }

    /** The type by its name. */
    public Optional<DType> named(String name) {
        DType own = typedefs.get(name);
        if (own != null) {
            return Optional.of(own);
        }
        DType known = BUILT_IN.get(name);
        if (known != null) {
            return Optional.of(known);
        }
        if (name.startsWith("struct ")) {
            return Optional.of(tagged(TypeExpr.Kind.STRUCT, name.substring(7)));
        }
        return kernel.get().flatMap(btf -> btf.typedef(name));
    }

    /** @param constant computes the value of an array's size and the like */
    public DType resolve(TypeExpr written, Function<Expr, Optional<Long>> constant) {
        return switch (written) {
            case TypeExpr.Named(int line, String name) ->
                named(name)
                        .orElseThrow(() -> new DError(
                                "D_TYPE_ERR", line, "failed to resolve type " + name + ": Unknown type name"));
            case TypeExpr.Pointer(var _, TypeExpr to) -> new DType.Pointer(resolve(to, constant));
            case TypeExpr.ArrayOf(int line, TypeExpr of, Optional<Expr> size) ->
                new DType.Array(
                        resolve(of, constant),
                        size.map(e -> count(line, constant.apply(e))).orElse(0));
            case TypeExpr.Associative(var _, TypeExpr of, var _) -> resolve(of, constant);
            case TypeExpr.Function(var _, TypeExpr returns, var _) -> new DType.Function(resolve(returns, constant));
            case TypeExpr.Tagged tagged -> tagged(tagged, constant);
            case TypeExpr.Enumeration enumeration -> enumeration(enumeration, constant);
        };
    }

    private static int count(int line, Optional<Long> count) {
        if (count.isEmpty() || count.get() <= 0) {
            throw new DError(
                    "D_DECL_ARRSUB",
                    line,
                    "positive integral constant expression or tuple signature expected as array declaration subscript");
        }
        if (count.get() > Integer.MAX_VALUE / 64) {
            throw new DError("D_DECL_ARRBIG", line, "array dimension too big");
        }
        return (int) (long) count.get();
    }

    private DType tagged(TypeExpr.Kind kind, String tag) {
        String name = (kind == TypeExpr.Kind.STRUCT ? "struct " : "union ") + tag;
        DType.Struct own = tags.get(name);
        if (own != null) {
            return own;
        }
        Optional<DType> kernels =
                kernel.get().flatMap(btf -> kind == TypeExpr.Kind.STRUCT ? btf.struct(tag) : btf.union(tag));
        return kernels.orElseGet(() -> {
            var forward = new DType.Struct(name, 0, List::of);
            tags.put(name, forward);
            return forward;
        });
    }

    private DType tagged(TypeExpr.Tagged written, Function<Expr, Optional<Long>> constant) {
        if (written.fields().isEmpty()) {
            return tagged(written.kind(), written.tag());
        }
        String name = (written.kind() == TypeExpr.Kind.STRUCT ? "struct " : "union ") + written.tag();
        DType.Struct known = tags.get(name);
        if (known != null && !written.tag().isEmpty() && known.size() > 0) {
            throw new DError("D_DECL_TYPERED", written.line(), "type redeclared: " + name);
        }
        var struct = known != null && !written.tag().isEmpty() ? known : new DType.Struct(name, 0, List::of);
        if (!written.tag().isEmpty()) {
            tags.put(name, struct);
        }
        layOut(struct, written, constant);
        return struct;
    }

    private void layOut(DType.Struct struct, TypeExpr.Tagged written, Function<Expr, Optional<Long>> constant) {
        boolean union = written.kind() == TypeExpr.Kind.UNION;
        var members = new ArrayList<DType.Member>();
        long bit = 0;
        long largest = 0;
        int alignment = 1;
        for (TypeExpr.Field field : written.fields().orElse(List.of())) {
            DType type = resolve(field.type(), constant);
            checkMember(written.line(), field.name(), type);
            boolean duplicate = members.stream()
                    .anyMatch(
                            member -> !member.name().isEmpty() && member.name().equals(field.name()));
            if (duplicate) {
                throw new DError(
                        "D_UNKNOWN",
                        written.line(),
                        "failed to define member '" + field.name() + "': Duplicate member name definition");
            }
            int size = type.size() * 8;
            int bits = field.bits()
                    .map(e -> bits(written.line(), field.name(), type, constant.apply(e)))
                    .orElse(0);
            if (field.bits().isPresent() && bits == 0) {
                // What follows begins a unit of its own.
                bit = (bit + size - 1) / size * size;
                continue;
            }
            int align = alignment(type) * 8;
            if (union) {
                bit = 0;
            } else if (bits == 0) {
                bit = (bit + align - 1) / align * align;
            } else if (bit / size != (bit + bits - 1) / size) {
                bit = (bit + size - 1) / size * size;
            }
            members.add(new DType.Member(field.name(), type, (int) bit, bits));
            bit += bits == 0 ? size : bits;
            largest = Math.max(largest, bit);
            alignment = Math.max(alignment, align / 8);
        }
        int bytes = (int) ((largest + 7) / 8);
        struct.define(members, (bytes + alignment - 1) / alignment * alignment);
    }

    private static void checkMember(int line, String name, DType type) {
        if (type instanceof DType.Void) {
            throw new DError("D_DECL_VOIDOBJ", line, "cannot have void member: " + name);
        }
        if (type.size() == 0 && !(type instanceof DType.Array)) {
            throw new DError("D_DECL_INCOMPLETE", line, "incomplete struct/union/enum " + type.name() + ": " + name);
        }
    }

    /** The width of a bit field; 0 for the unnamed one that ends a unit. */
    private static int bits(int line, String name, DType type, Optional<Long> bits) {
        if (name.isEmpty() && bits.isPresent() && bits.get() == 0) {
            return 0;
        }
        String shown = name.isEmpty() ? "(anon)" : name;
        if (bits.isEmpty() || bits.get() <= 0) {
            throw new DError(
                    "D_DECL_BFCONST", line, "positive integral constant expression expected as bit-field size");
        }
        if (!(type instanceof DType.Int(String kind, var _, var _)) || kind.startsWith("enum ")) {
            throw new DError("D_DECL_BFTYPE", line, "invalid type for bit-field: " + shown);
        }
        if (bits.get() > 8L * type.size()) {
            throw new DError("D_DECL_BFSIZE", line, "bit-field too big for type: " + shown);
        }
        return (int) (long) bits.get();
    }

    private static int alignment(DType type) {
        return switch (type) {
            case DType.Struct struct ->
                struct.members().stream()
                        .mapToInt(member -> alignment(member.type()))
                        .max()
                        .orElse(1);
            case DType.Array array -> alignment(array.of());
            case DType.Str _ -> 1;
            case DType.Float number -> number.size();
            default -> Math.max(1, Math.min(8, type.size()));
        };
    }

    private DType enumeration(TypeExpr.Enumeration written, Function<Expr, Optional<Long>> constant) {
        if (written.values().isEmpty()) {
            DType own = enumerations.get(written.tag());
            return own != null
                    ? own
                    : kernel.get()
                            .flatMap(btf -> btf.enumeration(written.tag()))
                            .orElseThrow(() -> new DError(
                                    "D_TYPE_ERR",
                                    written.line(),
                                    "failed to resolve type enum " + written.tag() + ": Unknown type name"));
        }
        String name = "enum " + written.tag();
        if (!written.tag().isEmpty() && enumerations.containsKey(written.tag())) {
            throw new DError("D_DECL_TYPERED", written.line(), "type redeclared: " + name);
        }
        var values = new HashMap<Long, String>();
        var seen = new HashSet<String>();
        long next = 0;
        for (TypeExpr.Enumerator one : written.values().get()) {
            long value = next;
            if (one.value().isPresent()) {
                value = constant.apply(one.value().get())
                        .orElseThrow(() -> new DError(
                                "D_DECL_ENCONST",
                                written.line(),
                                "enumerator '" + one.name() + "' must be assigned to an integral constant expression"));
            }
            if (value > Integer.MAX_VALUE || value < Integer.MIN_VALUE) {
                throw new DError(
                        "D_DECL_ENOFLOW",
                        written.line(),
                        "enumerator '" + one.name() + "' value overflows INT_MAX (" + Integer.MAX_VALUE + ")");
            }
            if (!seen.add(one.name())) {
                throw new DError(
                        "D_UNKNOWN",
                        written.line(),
                        "failed to define enumerator '" + one.name() + "': Duplicate member name definition");
            }
            enumerators.put(one.name(), value);
            values.putIfAbsent(value, one.name());
            next = value + 1;
        }
        enumeratorNames.put(name, Map.copyOf(values));
        var type = new DType.Int(name, 4, true);
        enumerations.put(written.tag(), type);
        return type;
    }
}
