package zonda.storage;

import java.time.Instant;
import zonda.base.Bytes;

/**
 * The last scrub of a pool, as it is now or as it ended: zpool-scrub(8).
 *
 * @param began when it was asked for
 * @param changed when it ended or was paused; while it runs, when this was told
 * @param toRead what it has to read in all, copies counted, as far as can be told
 * @param read what of it has been read
 * @param repaired what was bad and has been written anew from another copy
 * @param errors blocks of which there is no good copy
 */
public record Scrub(
        State state, Instant began, Instant changed, Bytes toRead, Bytes read, Bytes repaired, long errors) {
    /** Where a scrub is. */
    public enum State {
        RUNNING,
        /** It goes on from where it was when it is asked for again. */
        PAUSED,
        FINISHED,
        CANCELED
    }
}
