package zonda.zstream;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;

/** Puts right checksums on a stream whose records were changed: what a hostile sender does. */
final class Reseal {
    private Reseal() {}

    /** Where the records of a right stream begin, and at the end its length. */
    static List<Integer> records(byte[] stream) {
        List<Integer> offsets = new ArrayList<>();
        var reader = new RecordReader(new ByteArrayInputStream(stream));
        StreamRecord record;
        do {
            record = reader.next();
            offsets.add((int) reader.recordOffset());
        } while (!(record instanceof StreamRecord.End));
        offsets.add((int) reader.offset());
        return offsets;
    }

    /** Of a changed stream whose records still begin at these places. */
    static void seal(byte[] stream, List<Integer> records) {
        var checksum = new Fletcher4();
        for (int i = 0; i + 1 < records.size(); i++) {
            int at = records.get(i);
            int payload = records.get(i + 1) - at - StreamRecord.SIZE;
            if (i == 0) {
                checksum.add(Words.LITTLE, stream, at, StreamRecord.SIZE);
            } else {
                if (i + 2 == records.size()) {
                    checksum.sum().write(Words.LITTLE, stream, at + 8);
                }
                checksum.add(Words.LITTLE, stream, at, StreamRecord.CHECKSUM);
                checksum.sum().write(Words.LITTLE, stream, at + StreamRecord.CHECKSUM);
                checksum.add(Words.LITTLE, stream, at + StreamRecord.CHECKSUM, 32);
            }
            checksum.add(Words.LITTLE, stream, at + StreamRecord.SIZE, payload);
        }
    }
}
