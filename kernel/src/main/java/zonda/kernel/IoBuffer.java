package zonda.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory that the kernel copies data to and from: made once for a series of reads and writes, since making it costs as
 * much as using it. Freed with the object. For one thread at a time.
 */
public final class IoBuffer {
    private final MemorySegment memory;

    private IoBuffer(MemorySegment memory) {
        this.memory = memory;
    }

    public static IoBuffer of(int bytes) {
        return new IoBuffer(Arena.ofAuto().allocate(bytes, 4096));
    }

    MemorySegment memory() {
        return memory;
    }

    int size() {
        return (int) memory.byteSize();
    }
}
