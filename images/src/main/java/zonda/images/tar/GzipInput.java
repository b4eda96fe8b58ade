package zonda.images.tar;

import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Reads gzip (RFC 1952), all members of a file one after another, as pigz and the seekable layer formats write them.
 *
 * <p>Why not {@link java.util.zip.GZIPInputStream}: it ends silently before a further member when its source has
 * nothing {@link InputStream#available} at that moment, and reads 512 bytes at a time.
 */
final class GzipInput extends InputStream {
    private static final int FHCRC = 2;
    private static final int FEXTRA = 4;
    private static final int FNAME = 8;
    private static final int FCOMMENT = 16;
    private static final int RESERVED = 0xe0;

    private final InputStream in;
    private final Inflater inflater = new Inflater(true);
    private final CRC32 sum = new CRC32();
    private final byte[] buffer = new byte[128 * 1024];
    private int at;
    private int limit;
    private long memberSize;
    private boolean ended;

    /** Reads the first header. */
    GzipInput(InputStream in) throws IOException {
        this.in = in;
        if (!header()) {
            throw new TarException("not gzip");
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        try {
            while (!ended) {
                int got = inflater.inflate(target, offset, length);
                if (got > 0) {
                    sum.update(target, offset, got);
                    memberSize += got;
                    return got;
                }
                if (inflater.finished()) {
                    nextMember();
                } else if (inflater.needsDictionary()) {
                    throw new TarException("gzip data wants a dictionary");
                } else {
                    at = limit;
                    if (!fill()) {
                        throw new TarException("the gzip data is cut off");
                    }
                    inflater.setInput(buffer, at, limit - at);
                }
            }
            return -1;
        } catch (DataFormatException e) {
            throw new TarException("the gzip data is damaged: " + e.getMessage(), e);
        }
    }

    private void nextMember() throws IOException {
        at = limit - inflater.getRemaining();
        if (littleEndian() != sum.getValue()) {
            throw new TarException("the gzip data is damaged: its checksum differs");
        }
        if (littleEndian() != (memberSize & 0xffff_ffffL)) {
            throw new TarException("the gzip data is damaged: its length differs");
        }
        ended = !header();
    }

    /** False at the end of the file, which zeros may follow up to the end of a block (gzip(1)). */
    private boolean header() throws IOException {
        int first = next();
        while (first == 0) {
            first = next();
        }
        if (first < 0) {
            return false;
        }
        if (first != 0x1f || need() != 0x8b || need() != 8) {
            throw new TarException("there is something other than gzip after the gzip data");
        }
        int flags = need();
        if ((flags & RESERVED) != 0) {
            throw new TarException("gzip of an unknown form");
        }
        skip(6);
        if ((flags & FEXTRA) != 0) {
            skip(need() | need() << 8);
        }
        for (int text : new int[] {FNAME, FCOMMENT}) {
            while ((flags & text) != 0 && need() != 0) {
                // its text says nothing that is used
            }
        }
        skip((flags & FHCRC) != 0 ? 2 : 0);
        inflater.reset();
        inflater.setInput(buffer, at, limit - at);
        sum.reset();
        memberSize = 0;
        return true;
    }

    private void skip(int bytes) throws IOException {
        for (int i = 0; i < bytes; i++) {
            need();
        }
    }

    private long littleEndian() throws IOException {
        return need() | need() << 8 | need() << 16 | (long) need() << 24;
    }

    private int need() throws IOException {
        int value = next();
        if (value < 0) {
            throw new TarException("the gzip data is cut off");
        }
        return value;
    }

    private int next() throws IOException {
        return at < limit || fill() ? buffer[at++] & 0xff : -1;
    }

    private boolean fill() throws IOException {
        int got = in.read(buffer, 0, buffer.length);
        at = 0;
        limit = Math.max(0, got);
        return got > 0;
    }

    @Override
    public void close() throws IOException {
        inflater.end();
        in.close();
    }
}
