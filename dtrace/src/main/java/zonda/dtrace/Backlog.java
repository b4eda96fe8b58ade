package zonda.dtrace;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import zonda.kernel.BpfRing;

/**
 * Records between the kernel's buffers and those who print them. Buffers that fill while some are printed are emptied
 * into it: a burst has room in both, as on illumos, where each processor has two buffers.
 *
 * <p>Buffers are read one after another, so what was read of one may be younger than what another got meanwhile. Records
 * are let out up to the time until which all are known.
 */
final class Backlog {
    /** Bytes of records that are held at most, for all processors. */
    private static final long MOST = 16 << 20;

    /** Bytes of records that are held of a processor at least. */
    private static final long LEAST = 64 << 10;
    /** Bytes that a record takes beside its own. */
    private static final int OVERHEAD = 32;

    private static final int TIME = 8;

    /** What a processor's programs write to. */
    interface Buffer {
        /** Hands over records, oldest first, until the sink has enough. @return whether that was all of them */
        boolean drain(Predicate<byte[]> sink);

        /** Bytes that wait. */
        long pending();

        static Buffer of(BpfRing ring) {
            return new Buffer() {
                @Override
                public boolean drain(Predicate<byte[]> sink) {
                    return ring.drain(sink);
                }

                @Override
                public long pending() {
                    return ring.pending();
                }
            };
        }
    }

    /** What was read of a buffer. */
    private static final class Held {
        private final Buffer buffer;
        private final long room;
        private List<byte[]> records = new ArrayList<>();
        private long bytes;
        private long youngest;

        Held(Buffer buffer, long room) {
            this.buffer = buffer;
            this.room = room;
        }

        /** @return whether that was all that there was */
        boolean fill() {
            return !isFull() && buffer.drain(this::add);
        }

        boolean isFull() {
            return bytes >= room;
        }

        private boolean add(byte[] record) {
            records.add(record);
            bytes += record.length + OVERHEAD;
            youngest = Math.max(youngest, time(record));
            return !isFull();
        }

        void take(long until, List<byte[]> out) {
            List<byte[]> all = records;
            records = new ArrayList<>();
            bytes = 0;
            for (byte[] record : all) {
                if (time(record) < until) {
                    out.add(record);
                } else {
                    add(record);
                }
            }
        }
    }

    private final List<Held> buffers;
    private final LongSupplier clock;
    private final long filling;
    private long known;
    private boolean cut;

    /**
     * @param size bytes of each buffer, and as many are held of it where there is room
     * @param clock as the records have it
     */
    Backlog(List<Buffer> buffers, long size, LongSupplier clock) {
        long room = Math.max(LEAST, Math.min(size, MOST / buffers.size()));
        this.buffers = buffers.stream().map(buffer -> new Held(buffer, room)).toList();
        this.clock = clock;
        this.filling = size / 4;
    }

    /** Whether a buffer is so full that it should not wait. */
    boolean isFilling() {
        for (Held held : buffers) {
            if (held.buffer.pending() > filling) {
                return true;
            }
        }
        return false;
    }

    /** Reads the buffers while there is room. */
    void fill() {
        known = clock.getAsLong();
        cut = false;
        for (Held held : buffers) {
            if (!held.fill()) {
                known = Math.min(known, held.youngest);
                cut |= held.isFull();
            }
        }
    }

    /** Whether the last reading left records in a buffer, for want of room. */
    boolean isCut() {
        return cut;
    }

    /** Whether there are records that were read or left in a buffer. */
    boolean isLeft() {
        return cut || buffers.stream().anyMatch(held -> held.bytes > 0);
    }

    /** Reads the buffers. @return what is older than all that is still to come */
    List<byte[]> taken() {
        fill();
        var out = new ArrayList<byte[]>();
        buffers.forEach(held -> held.take(known, out));
        if (out.isEmpty() && cut) {
            // A buffer whose oldest record is not complete yet would hold up all others.
            buffers.forEach(held -> held.take(Long.MAX_VALUE, out));
        }
        return out;
    }

    /** Reads the buffers, which get no more. @return all that is left, or as much of it as there is room for */
    List<byte[]> rest() {
        List<byte[]> out = taken();
        if (!cut) {
            buffers.forEach(held -> held.take(Long.MAX_VALUE, out));
        }
        return out;
    }

    private static long time(byte[] record) {
        return ByteBuffer.wrap(record).order(ByteOrder.nativeOrder()).getLong(TIME);
    }
}
