package zonda.storage;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
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
 * @param skipsMissing whether datasets below without the snapshot are left out, with those below them: {@code -s}
 * @param there identities of snapshots that the receiver has: they are left out, and what follows is on top of them
 */
public record SendRequest(
        String to,
        Optional<String> from,
        boolean between,
        boolean below,
        boolean properties,
        Optional<ResumeToken> rest,
        boolean skipsMissing,
        Set<Long> there) {
    public SendRequest {
        there = Set.copyOf(there);
    }

    public SendRequest(String to, Optional<String> from, boolean between, boolean below, boolean properties) {
        this(to, from, between, below, properties, Optional.empty(), false, Set.of());
    }

    /** What is left of a stream. */
    public static SendRequest rest(ResumeToken token) {
        return new SendRequest(
                token.toName(), Optional.empty(), false, false, false, Optional.of(token), false, Set.of());
    }

    /** As the other. @throws zonda.base.OpException INVALID when it is no token */
    public static SendRequest rest(String token) {
        return rest(ResumeToken.parse(token));
    }

    /** The identity of the snapshot that this is the rest of. */
    public OptionalLong isRestOf() {
        return rest.map(token -> OptionalLong.of(token.toGuid())).orElse(OptionalLong.empty());
    }

    public SendRequest skippingMissing() {
        return new SendRequest(to, from, between, below, properties, rest, true, there);
    }

    /** Without what the receiver has of it. @param identities of snapshots, as streams have them */
    public SendRequest without(Set<Long> identities) {
        return new SendRequest(to, from, between, below, properties, rest, skipsMissing, identities);
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
