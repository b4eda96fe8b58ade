package zonda.images;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.function.LongConsumer;
import zonda.images.tar.TarException;

/** A stream that is counted and summed while it is read, and compared with what a manifest says at the end. */
final class SummedInput extends FilterInputStream {
    private final MessageDigest sha1 = digest("SHA-1");
    private final MessageDigest sha256 = digest("SHA-256");
    private final LongConsumer progress;
    private long size;

    SummedInput(InputStream in, LongConsumer progress) {
        super(in);
        this.progress = progress;
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("no " + algorithm + " in this JDK", e);
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        int got = in.read(target, offset, length);
        if (got > 0) {
            sha1.update(target, offset, got);
            sha256.update(target, offset, got);
            size += got;
            progress.accept(got);
        }
        return got;
    }

    @Override
    public long skip(long count) throws IOException {
        byte[] skipped = new byte[(int) Math.clamp(count, 0, 64 * 1024)];
        return Math.max(0, read(skipped, 0, skipped.length));
    }

    /** To be called at the end. @throws TarException when it isn't the file that the manifest describes */
    void check(Manifest.FileFacts expected) throws TarException {
        compare(
                "size",
                String.valueOf(size),
                expected.size().map(String::valueOf).orElse(String.valueOf(size)));
        String one = HexFormat.of().formatHex(sha1.digest());
        compare("sha1", one, expected.sha1().orElse(one));
        String two = "sha256:" + HexFormat.of().formatHex(sha256.digest());
        compare("digest", two, expected.digest().orElse(two));
    }

    private static void compare(String what, String actual, String expected) throws TarException {
        if (!actual.equals(expected.toLowerCase(Locale.ROOT))) {
            throw new TarException("the file's " + what + " is " + actual + ", the manifest says " + expected);
        }
    }
}
