package zonda.dtrace.output;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import zonda.dtrace.code.Maps;

/**
 * Records that wait for a commit() or a discard().
 *
 * <p>A speculation can be used again as soon as there was one of them. So a record tells which use it is of: one that
 * another processor wrote meanwhile, and that is read behind the end of its use, is nobody's.
 */
final class Speculations {
    /** Each has buffers of its own. */
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

    private static final int NUMBER = (1 << Maps.SPECULATION_BITS) - 1;

    private static final class Held {
        private final List<byte[]> records = new ArrayList<>();
        private long bytes;
    }

    private final Map<Integer, Held> uses = new HashMap<>();

    /** The last use of each speculation that has ended. */
    private final Map<Integer, Integer> ended = new HashMap<>();

    /** What has no room in the speculation's buffer is lost, and so is all that comes after it. */
    void add(int use, byte[] record, long room) {
        Integer last = ended.get(use & NUMBER);
        if (last != null && use - last <= 0) {
            return;
        }
        Held held = uses.computeIfAbsent(use, _ -> new Held());
        held.bytes += record.length - Maps.RECORD_HEADER + Integer.BYTES;
        if (held.bytes <= room * PROCESSORS) {
            held.records.add(record);
        }
    }

    /** Ends a use, if it is one. @return the records that waited for that */
    List<byte[]> end(int use) {
        if (use == 0) {
            return List.of();
        }
        ended.put(use & NUMBER, use);
        Held held = uses.remove(use);
        return held == null ? List.of() : held.records;
    }
}
