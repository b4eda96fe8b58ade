package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.function.Predicate;

/**
 * The reading end of an eBPF ring buffer: the kernel's Documentation/bpf/ringbuf.rst. One page with the reader's
 * position, one with the writer's, then the data twice in a row, so that no record is cut.
 *
 * <p>One thread at a time reads.
 */
public final class BpfRing implements AutoCloseable {
    private static final int MAP_RINGBUF = 27;
    private static final int BUSY = 0x80000000;
    private static final int DISCARDED = 0x40000000;
    private static final int PAGE = 4096;
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 1;
    private static final int RECORD_HEADER = 8;
    private static final VarHandle LONG = JAVA_LONG.varHandle();
    private static final VarHandle INT = JAVA_INT.varHandle();

    /** mmap(2). Answers an address, or -1. */
    private static final CFunction MMAP = CFunction.of("mmap");
    /** munmap(2). */
    private static final CFunction MUNMAP = CFunction.of("munmap");

    private final Fd fd;
    private final long size;
    private final MemorySegment consumer;
    private final MemorySegment producer;

    private BpfRing(Fd fd, long size) {
        this.fd = fd;
        this.size = size;
        consumer = mmap(fd, PAGE, PROT_READ | PROT_WRITE, 0);
        producer = mmap(fd, PAGE + 2 * size, PROT_READ, PAGE);
    }

    /** @param size bytes, a power of two and of pages; records are dropped by the writer while it is full */
    public static BpfRing create(int size) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = Bpf.attributes(arena);
            attributes.set(JAVA_INT, 0, MAP_RINGBUF);
            attributes.set(JAVA_INT, 12, size);
            var fd = new Fd((int) Bpf.call("make a ring buffer of", size, Bpf.MAP_CREATE, attributes), "ring buffer");
            return new BpfRing(fd, size);
        }
    }

    private static MemorySegment mmap(Fd fd, long length, int protection, long offset) {
        long address = MMAP.callLong("mmap", fd, 0, length, protection, MAP_SHARED, fd.number(), offset);
        return MemorySegment.ofAddress(address).reinterpret(length);
    }

    Fd fd() {
        return fd;
    }

    /**
     * Hands over what is complete, oldest first, and frees it.
     *
     * @param sink false when it takes no more than this one
     * @return whether that was all: a record that is still being written ends it as well
     */
    public boolean drain(Predicate<byte[]> sink) {
        boolean more = true;
        long position = (long) LONG.get(consumer, 0L);
        while (position < (long) LONG.getAcquire(producer, 0L)) {
            long at = PAGE + (position & (size - 1));
            int header = (int) INT.getAcquire(producer, at);
            if (!more || (header & BUSY) != 0) {
                return false;
            }
            int length = header & ~(BUSY | DISCARDED);
            if ((header & DISCARDED) == 0) {
                more = sink.test(producer.asSlice(at + RECORD_HEADER, length).toArray(JAVA_BYTE));
            }
            position += (length + RECORD_HEADER + 7) / 8 * 8;
            LONG.setRelease(consumer, 0L, position);
        }
        return true;
    }

    /** Bytes that wait to be read. */
    public long pending() {
        return (long) LONG.getAcquire(producer, 0L) - (long) LONG.get(consumer, 0L);
    }

    @Override
    public void close() {
        for (MemorySegment mapping : java.util.List.of(consumer, producer)) {
            MUNMAP.call("munmap", fd, mapping.address(), mapping.byteSize());
        }
        fd.close();
    }
}
