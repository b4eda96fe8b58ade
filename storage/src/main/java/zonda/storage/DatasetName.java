package zonda.storage;

import java.util.Optional;
import java.util.regex.Pattern;
import zonda.base.Code;
import zonda.base.OpException;

/** The full name of a dataset, {@code pool/part/part}; zfs(8), "ZFS File System Hierarchy". */
record DatasetName(String text) {
    /** zfs(8): at most 255 characters; parts of letters, digits and {@code - _ . :}, beginning with no dot or dash. */
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9_:][A-Za-z0-9_:.-]*");

    private static final int LONGEST = 255;

    DatasetName {
        if (text.length() > LONGEST) {
            throw new OpException(Code.INVALID, "'" + text + "': name is too long");
        }
        for (String part : text.split("/", -1)) {
            if (!PART.matcher(part).matches()) {
                throw new OpException(Code.INVALID, "'" + text + "': not a dataset name");
            }
        }
    }

    /** The name below the pool's; empty for the pool's root dataset. */
    Optional<DatasetName> parent() {
        int slash = text.lastIndexOf('/');
        return slash < 0 ? Optional.empty() : Optional.of(new DatasetName(text.substring(0, slash)));
    }

    /** The last part. */
    String leaf() {
        return text.substring(text.lastIndexOf('/') + 1);
    }

    DatasetName child(String leaf) {
        return new DatasetName(text + "/" + leaf);
    }

    boolean isBelow(DatasetName other) {
        return text.startsWith(other.text + "/");
    }

    @Override
    public String toString() {
        return text;
    }
}
