package zonda.storage;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Snapshots of one dataset by zfs-destroy(8)'s words: names and ranges joined by commas; {@code a%b} is all from a to b,
 * {@code %b} from the oldest, {@code a%} to the newest, {@code %} all.
 */
final class SnapshotRanges {
    private SnapshotRanges() {}

    /**
     * Those of the names that are meant, as often as they are, once; a name or end of a range that isn't there means none.
     *
     * @param names of all snapshots, oldest first
     */
    static List<String> choose(String words, List<String> names) {
        var chosen = new LinkedHashSet<String>();
        for (String word : words.split(",", -1)) {
            int percent = word.indexOf('%');
            if (percent < 0) {
                names.stream().filter(word::equals).forEach(chosen::add);
                continue;
            }
            String first = word.substring(0, percent);
            String last = word.substring(percent + 1);
            int from = first.isEmpty() ? 0 : names.indexOf(first);
            int to = last.isEmpty() ? names.size() - 1 : names.indexOf(last);
            if (from >= 0 && to >= 0) {
                IntStream.rangeClosed(from, to).mapToObj(names::get).forEach(chosen::add);
            }
        }
        return List.copyOf(chosen);
    }
}
