package zonda.storage;

import java.time.Instant;

/**
 * What is remembered of a snapshot, which need not be there any more.
 *
 * @param name its full name, {@code pool/dataset#bookmark}
 * @param snapshot the snapshot's identity
 * @param created of the snapshot
 */
public record Bookmark(String name, String snapshot, Instant created) {}
