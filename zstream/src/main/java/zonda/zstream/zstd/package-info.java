/**
 * Decompression of zstd, RFC 8878, for the blocks that ZFS compressed with it.
 *
 * <p>Written here, since what is at hand in Java either is native or reads and writes memory without checks, and these
 * blocks come from strangers. One call takes one frame apart; nothing is kept between calls, any thread may call it. It
 * has no dictionaries and no streaming: a block is 16 MiB at most.
 */
@org.jspecify.annotations.NullMarked
package zonda.zstream.zstd;
