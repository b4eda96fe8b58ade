package zonda.images;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Sums of files for the header Content-MD5, RFC 1864; a file is read for it once. Any thread may ask. */
final class ContentMd5 {
    private static final int BUFFER = 256 << 10;

    private final Map<Path, Known> known = new ConcurrentHashMap<>();

    /** A sum, and what the file was like that it is of. */
    private record Known(long size, FileTime changed, String sum) {}

    String of(Path file) throws IOException {
        long size = Files.size(file);
        FileTime changed = Files.getLastModifiedTime(file);
        Known before = known.get(file);
        if (before != null && before.size() == size && before.changed().equals(changed)) {
            return before.sum();
        }
        String sum = read(file);
        known.put(file, new Known(size, changed, sum));
        return sum;
    }

    private static String read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest md5 = MessageDigest.getInstance("MD5");
            byte[] buffer = new byte[BUFFER];
            for (int got = in.read(buffer); got > 0; got = in.read(buffer)) {
                md5.update(buffer, 0, got);
            }
            return Base64.getEncoder().encodeToString(md5.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("no MD5 in this JDK", e);
        }
    }
}
