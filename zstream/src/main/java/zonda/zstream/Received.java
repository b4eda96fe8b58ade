package zonda.zstream;

import java.util.ArrayList;
import java.util.List;

/**
 * What was received.
 *
 * @param map what an incremental stream on top of it needs
 * @param left what couldn't be had on this host, a sentence each; the map keeps all of it
 */
public record Received(StreamHeader header, ObjectMap map, Counts counts, List<String> left) {
    public Received {
        left = List.copyOf(left);
    }

    /** @param links further names of files that have several */
    public record Counts(long files, long directories, long symlinks, long others, long links, long bytes) {}

    /** Collects while it runs. */
    static final class Tally {
        private static final int EXAMPLES = 20;

        private final List<String> left = new ArrayList<>();
        private long more;
        long files;
        long directories;
        long symlinks;
        long others;
        long links;
        long bytes;

        void left(String what) {
            if (left.size() < EXAMPLES) {
                left.add(what);
            } else {
                more++;
            }
        }

        Counts counts() {
            return new Counts(files, directories, symlinks, others, links, bytes);
        }

        List<String> left() {
            if (more == 0) {
                return left;
            }
            var all = new ArrayList<>(left);
            all.add("and " + more + " more of such");
            return all;
        }
    }
}
