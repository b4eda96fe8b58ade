package zonda.dtrace;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import zonda.dtrace.code.Maps;
import zonda.dtrace.code.Options;

/**
 * What becomes of records: with the policy switch they are printed as they come. With fill and ring they are kept to the
 * end, of each processor as many bytes as its buffer has: the first ones, whereupon tracing ends, or the last ones.
 */
final class BufferPolicy {
    private final boolean fill;
    private final boolean ring;
    private final long room;
    private final Map<Integer, Kept> processors = new HashMap<>();
    private boolean full;

    BufferPolicy(Options options) {
        String policy = options.word("bufpolicy").orElse("switch");
        this.fill = policy.equals("fill");
        this.ring = policy.equals("ring");
        this.room = options.number("bufsize");
    }

    /** The records of a processor. */
    private static final class Kept {
        private final ArrayDeque<byte[]> records = new ArrayDeque<>();
        private long bytes;
    }

    /** Whether records are kept to the end. */
    boolean keeps() {
        return fill || ring;
    }

    /** Whether tracing ends when a buffer is full. */
    boolean fills() {
        return fill;
    }

    boolean isFull() {
        return full;
    }

    /** Bytes of a record as illumos counts them: its data, and what enabled it. */
    private static long size(byte[] record) {
        return record.length - Maps.RECORD_HEADER + Integer.BYTES;
    }

    void keep(List<byte[]> records) {
        for (byte[] record : records) {
            int cpu = ByteBuffer.wrap(record).order(ByteOrder.nativeOrder()).getInt(16);
            Kept kept = processors.computeIfAbsent(cpu, _ -> new Kept());
            if (fill && kept.bytes + size(record) > room) {
                full = true;
                continue;
            }
            kept.records.add(record);
            kept.bytes += size(record);
            while (kept.bytes > room) {
                kept.bytes -= size(kept.records.remove());
            }
        }
    }

    /** All that was kept, once. */
    List<byte[]> taken() {
        var all = new ArrayList<byte[]>();
        processors.values().forEach(kept -> all.addAll(kept.records));
        processors.clear();
        return all;
    }
}
