package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** The BTF that the kernel wants to have with some maps and programs. */
final class BpfTypes {
    static final int KEY = 1;
    static final int VALUE = 4;
    private static final int HEADER = 24;
    private static final int MAGIC = 0x0001eb9f;
    private static final int KIND_INT = 1 << 24;
    private static final int KIND_ARRAY = 3 << 24;
    private static final int KIND_STRUCT = 4 << 24 | 1;
    private static final int SIGNED = 1 << 24;
    private static final int KIND_FUNCTION = 12 << 24;
    private static final int KIND_PROTOTYPE = 13 << 24;
    private static final byte[] STRINGS = "\0int\0u64\0v\0val\0part\0".getBytes(StandardCharsets.US_ASCII);

    /** The type of every function of a program. */
    private static final int FUNCTION = 3;

    private BpfTypes() {}

    /** For a map of task storage: an int for its key, a struct of one array for its value. @param size a multiple of eight */
    static Fd storage(int size) {
        int[] types = {
            1,
            KIND_INT,
            4,
            SIGNED | 32, // 1: int
            5,
            KIND_INT,
            8,
            64, // 2: u64
            0,
            KIND_ARRAY,
            0,
            2,
            1,
            size / 8, // 3: u64[]
            11,
            KIND_STRUCT,
            size,
            9,
            3,
            0 // 4: struct val { u64 v[]; }
        };
        return load(types);
    }

    /** For a program that hands functions of its own to a helper. */
    static Fd functions() {
        int[] types = {
            1,
            KIND_INT,
            4,
            SIGNED | 32, // 1: int
            0,
            KIND_PROTOTYPE,
            1, // 2: int ()
            15,
            KIND_FUNCTION,
            2 // 3: static int part()
        };
        return load(types);
    }

    /** Where each function of the code begins, with its type: an array of struct bpf_func_info. */
    static int[] functionInfo(long[] code) {
        var starts = new TreeSet<Integer>();
        starts.add(0);
        for (int at = 0; at < code.length; at++) {
            int opcode = (int) (code[at] & 0xff);
            int kind = (int) (code[at] >>> 12 & 0xf);
            if (opcode == 0x85 && kind == 1 || opcode == 0x18 && kind == BpfAssembler.PSEUDO_FUNCTION) {
                starts.add(at + 1 + (int) (code[at] >>> 32));
            }
            at += opcode == 0x18 ? 1 : 0;
        }
        return starts.stream()
                .flatMapToInt(start -> IntStream.of(start, FUNCTION))
                .toArray();
    }

    /** Whether the code hands a function to a helper. */
    static boolean isNeeded(long[] code) {
        for (int at = 0; at < code.length; at++) {
            if ((code[at] & 0xf0ff) == (0x18 | BpfAssembler.PSEUDO_FUNCTION << 12)) {
                return true;
            }
            at += (code[at] & 0xff) == 0x18 ? 1 : 0;
        }
        return false;
    }

    private static Fd load(int[] types) {
        try (Arena arena = Arena.ofConfined()) {
            int typesSize = types.length * 4;
            MemorySegment btf = arena.allocate(HEADER + typesSize + STRINGS.length, 8);
            btf.set(JAVA_INT, 0, MAGIC);
            btf.set(JAVA_INT, 4, HEADER);
            btf.set(JAVA_INT, 12, typesSize);
            btf.set(JAVA_INT, 16, typesSize);
            btf.set(JAVA_INT, 20, STRINGS.length);
            MemorySegment.copy(types, 0, btf, JAVA_INT, HEADER, types.length);
            MemorySegment.copy(STRINGS, 0, btf, JAVA_BYTE, HEADER + typesSize, STRINGS.length);
            MemorySegment attributes = Bpf.attributes(arena);
            attributes.set(JAVA_LONG, 0, btf.address());
            attributes.set(JAVA_INT, 16, (int) btf.byteSize());
            return new Fd((int) Bpf.call("load BTF of", typesSize + " bytes", Bpf.BTF_LOAD, attributes), "BTF");
        }
    }
}
