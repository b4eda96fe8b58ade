package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** The BTF that a map for task storage must come with: an int for its key and a struct of one array for its value. */
final class BpfTypes {
    static final int KEY = 1;
    static final int VALUE = 4;
    private static final int HEADER = 24;
    private static final int MAGIC = 0x0001eb9f;
    private static final int KIND_INT = 1 << 24;
    private static final int KIND_ARRAY = 3 << 24;
    private static final int KIND_STRUCT = 4 << 24 | 1;
    private static final int SIGNED = 1 << 24;
    private static final byte[] STRINGS = "\0int\0u64\0v\0val\0".getBytes(StandardCharsets.US_ASCII);

    private BpfTypes() {}

    /** @param size a multiple of eight */
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
            return new Fd((int) Bpf.call("load BTF of", size + " bytes", Bpf.BTF_LOAD, attributes), "BTF");
        }
    }
}
