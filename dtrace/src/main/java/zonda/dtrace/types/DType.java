package zonda.dtrace.types;

import java.util.List;

/** A type of D. Sizes are bytes, those of 64-bit Linux. */
public sealed interface DType {
    /** Bytes of a value; 0 for what has no value of its own. */
    int size();

    /** As it is written in D. */
    String name();

    /** As print() shows it: by the name of a typedef where one was used. */
    default String shown() {
        return name();
    }

    /** An integer, a character or an enumeration. */
    record Int(String name, int size, boolean signed) implements DType {}

    /** A floating-point number: it can be kept and printed, and nothing is computed with it. */
    record Float(String name, int size) implements DType {}

    /**
     * A D string: text that ends at its first zero byte; its size is an option, strsize.
     *
     * @param width bytes that it has at most, 0 for strsize
     */
    record Str(int width) implements DType {
        @Override
        public int size() {
            return width == 0 ? 256 : width;
        }

        @Override
        public String name() {
            return "string";
        }
    }

    record Pointer(DType to) implements DType {
        @Override
        public int size() {
            return 8;
        }

        @Override
        public String name() {
            return to(to.name());
        }

        @Override
        public String shown() {
            return to(to.shown());
        }

        private static String to(String target) {
            return target.endsWith("*") ? target + "*" : target + " *";
        }
    }

    record Array(DType of, int count) implements DType {
        @Override
        public int size() {
            return of.size() * count;
        }

        @Override
        public String name() {
            return of(of.name());
        }

        @Override
        public String shown() {
            return of(of.shown());
        }

        private String of(String element) {
            return element + (element.endsWith("*") ? "[" : " [") + count + "]";
        }
    }

    /** Nothing: what actions answer. */
    record Void() implements DType {
        @Override
        public int size() {
            return 0;
        }

        @Override
        public String name() {
            return "void";
        }
    }

    /** What has no type of its own: an aggregation, or an object that only a translator knows. @param name what it is */
    record Dynamic(String name) implements DType {
        @Override
        public int size() {
            return 0;
        }
    }

    record Function(DType returns) implements DType {
        @Override
        public int size() {
            return 0;
        }

        @Override
        public String name() {
            return returns.name() + " ()";
        }
    }

    /** What stack(), ustack() and the symbol functions answer: raw addresses that are named when they are printed. */
    record Addresses(Kind kind, int frames) implements DType {
        /** Which addresses. */
        public enum Kind {
            STACK,
            USTACK,
            SYM,
            MOD,
            USYM,
            UMOD,
            UADDR
        }

        /** Frames of the kernel that are of the tracing itself, at most: they are taken, and not shown. */
        private static final int OWN = 8;

        /** Frames that are taken. */
        public int taken() {
            return kind == Kind.STACK ? frames + OWN : frames;
        }

        public boolean isStack() {
            return kind == Kind.STACK || kind == Kind.USTACK;
        }

        /** Kernel addresses are plain; those of users come after the process' number. */
        @Override
        public int size() {
            return switch (kind) {
                case STACK -> taken() * 8;
                case USTACK -> 8 + frames * 8;
                case SYM, MOD -> 8;
                case USYM, UMOD, UADDR -> 16;
            };
        }

        @Override
        public String name() {
            return isStack() ? "dtrace_stack" : "_symaddr";
        }
    }

    /** A member of a structure. @param bitSize 0 unless it is a bit field */
    record Member(String name, DType type, int bitOffset, int bitSize) {}

    /** A structure or union, whose members are read when they are asked for. */
    final class Struct implements DType {
        private final String name;
        private final java.util.function.Supplier<List<Member>> reader;
        private String shown;
        private java.util.function.IntSupplier size;
        private List<Member> members = List.of();
        private boolean read;

        public Struct(String name, int size, java.util.function.Supplier<List<Member>> reader) {
            this.name = name;
            this.shown = name;
            this.size = () -> size;
            this.reader = reader;
        }

        /** The same by the name of a typedef, which is the only one of a structure without a tag. */
        public Struct as(String typedef) {
            var same = new Struct(name.endsWith(" ") ? typedef : name, 0, this::members);
            same.shown = typedef;
            same.size = this::size;
            return same;
        }

        @Override
        public String shown() {
            return shown;
        }

        public List<Member> members() {
            if (!read) {
                read = true;
                members = List.copyOf(reader.get());
            }
            return members;
        }

        /** Defines one that was only declared. */
        public void define(List<Member> all, int bytes) {
            read = true;
            members = List.copyOf(all);
            size = () -> bytes;
        }

        /** Whether its members are unknown. */
        public boolean isIncomplete() {
            return size() == 0 && members().isEmpty();
        }

        /** The member of that name, also one within unnamed structures, with its offset in this one. */
        public java.util.Optional<Member> member(String wanted) {
            for (Member member : members()) {
                if (member.name().equals(wanted)) {
                    return java.util.Optional.of(member);
                }
                if (member.name().isEmpty() && member.type() instanceof Struct inner) {
                    var found = inner.member(wanted);
                    if (found.isPresent()) {
                        Member within = found.get();
                        return java.util.Optional.of(new Member(
                                wanted, within.type(), member.bitOffset() + within.bitOffset(), within.bitSize()));
                    }
                }
            }
            return java.util.Optional.empty();
        }

        @Override
        public int size() {
            return size.getAsInt();
        }

        @Override
        public String name() {
            return name;
        }
    }

    DType VOID = new Void();
    DType AGGREGATION = new Dynamic("aggregation");
    DType TRANSLATED = new Dynamic("translated data");
    DType TRANSLATED_POINTER = new Dynamic("pointer to translated data");
    DType STRING = new Str(0);
    Int CHAR = new Int("char", 1, true);
    Int INT = new Int("int", 4, true);
    Int UINT = new Int("unsigned int", 4, false);
    Int INT64 = new Int("int64_t", 8, true);
    Int UINT64 = new Int("uint64_t", 8, false);
    Int LONG = new Int("long", 8, true);
    Int SIZE = new Int("size_t", 8, false);
    Int ULONG = new Int("unsigned long", 8, false);

    default boolean isInteger() {
        return this instanceof Int;
    }

    default boolean isPointer() {
        return this instanceof Pointer || this instanceof Array;
    }

    default boolean isScalar() {
        return this instanceof Int || this instanceof Pointer;
    }

    default boolean isString() {
        return this instanceof Str;
    }

    /** What a pointer or array leads to. */
    default DType target() {
        return switch (this) {
            case Pointer(DType to) -> to;
            case Array(DType of, var _) -> of;
            default -> VOID;
        };
    }

    /** Text in memory: an array of or a pointer to characters. */
    default boolean isCharacters() {
        return target() instanceof Int(var _, int size, var _) && size == 1 && isPointer();
    }

    /** Text, or what text can be made of. */
    default boolean isText() {
        return isString() || isCharacters();
    }

    /** Whether a pointer leads to nothing whose size is known. */
    default boolean isBlind() {
        return this instanceof Pointer(DType to) && (to instanceof Void || to instanceof Function);
    }

    /** Whether two pointers lead to the same, or one of them to anything. */
    default boolean leadsLike(DType other) {
        if (!isPointer() || !other.isPointer()) {
            return false;
        }
        DType one = target();
        DType two = other.target();
        return one instanceof Void
                || two instanceof Void
                || one.equals(two)
                || one.name().equals(two.name())
                || one instanceof Int a && two instanceof Int b && a.size() == b.size() && a.signed() == b.signed()
                || one.isPointer() && one.leadsLike(two);
    }

    default boolean signed() {
        return this instanceof Int integer && integer.signed();
    }
}
