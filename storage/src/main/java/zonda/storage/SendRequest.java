package zonda.storage;

import java.util.Optional;
import zonda.zstream.ResumeToken;

/**
 * What to send: zfs-send(8).
 *
 * @param to the full name of a snapshot
 * @param from the full name of the one that the stream is incremental to
 * @param between whether the snapshots between the two are sent, too: {@code -I}
 * @param below whether the datasets below are sent, too, with all their snapshots: {@code -R}
 * @param properties whether properties are sent: {@code -p}
 * @param rest of a stream whose receive was cut short: {@code -t}. It says which snapshot that is, and on top of which
 */
public record SendRequest(
        String to,
        Optional<String> from,
        boolean between,
        boolean below,
        boolean properties,
        Optional<ResumeToken> rest) {
    public SendRequest(String to, Optional<String> from, boolean between, boolean below, boolean properties) {
        this(to, from, between, below, properties, Optional.empty());
    }

    /** What is left of a stream. */
    public static SendRequest rest(ResumeToken token) {
        return new SendRequest(token.toName(), Optional.empty(), false, false, false, Optional.of(token));
    }

    /** One snapshot, whole. */
    public static SendRequest of(String to) {
        return new SendRequest(to, Optional.empty(), false, false, false);
    }

    /** What changed in one snapshot since another. */
    public static SendRequest of(String to, String from) {
        return new SendRequest(to, Optional.of(from), false, false, false);
    }

    /** Whether the stream is a package of several, with a list before them. */
    boolean isPackage() {
        return between || below || properties;
    }
}
