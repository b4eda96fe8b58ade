package zonda.storage;

import java.util.regex.Pattern;
import zonda.base.Code;
import zonda.base.OpException;

/** The full name of a snapshot, {@code pool/dataset@snapshot}; a percent sign is for ranges of them. */
record SnapshotName(DatasetName dataset, String snapshot) {
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9_:.-]+");

    SnapshotName {
        if (!PART.matcher(snapshot).matches() || dataset.text().length() + snapshot.length() > 254) {
            throw new OpException(Code.INVALID, "'" + dataset + "@" + snapshot + "': not a snapshot name");
        }
    }

    static SnapshotName parse(String text) {
        int at = text.indexOf('@');
        if (at < 0) {
            throw new OpException(Code.INVALID, "'" + text + "': not a snapshot name");
        }
        return new SnapshotName(new DatasetName(text.substring(0, at)), text.substring(at + 1));
    }

    @Override
    public String toString() {
        return dataset + "@" + snapshot;
    }
}
