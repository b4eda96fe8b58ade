package zonda.images.tar;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import zonda.kernel.FileName;

/**
 * The records of pax extended headers (POSIX pax, "Extended Header"): {@code length keyword=value\n}. Values are kept as
 * bytes, since those of extended attributes are. Confined to one {@link TarReader}.
 */
final class Pax {
    private static final String XATTR = "SCHILY.xattr.";

    private final Map<String, byte[]> records = new HashMap<>();

    void clear() {
        records.clear();
    }

    void addAll(Pax other) {
        records.putAll(other.records);
    }

    /** Reads records over those that are there; an empty value takes one away. */
    void read(byte[] data) throws TarException {
        int at = 0;
        while (at < data.length && data[at] != 0) {
            int blank = find(data, at, Math.min(data.length, at + 20), ' ');
            long length = decimal(new String(data, at, blank - at, StandardCharsets.US_ASCII));
            if (length <= blank - at + 1L || length > data.length - at) {
                throw new TarException("a pax record says it has " + length + " bytes");
            }
            int end = at + (int) length;
            int equals = find(data, blank + 1, end, '=');
            if (data[end - 1] != '\n') {
                throw new TarException("a pax record doesn't end with a newline");
            }
            String key = FileName.decode(Arrays.copyOfRange(data, blank + 1, equals));
            put(key, Arrays.copyOfRange(data, equals + 1, end - 1));
            at = end;
        }
    }

    /** Form 0.0 of GNU's sparse files repeats two keywords; they are joined as form 0.1 has them. */
    private void put(String key, byte[] value) {
        if (key.equals("GNU.sparse.offset") || key.equals("GNU.sparse.numbytes")) {
            String map = text("GNU.sparse.map").map(so -> so + ",").orElse("");
            records.put("GNU.sparse.map", (map + FileName.decode(value)).getBytes(StandardCharsets.US_ASCII));
        } else if (value.length == 0) {
            records.remove(key);
        } else {
            records.put(key, value);
        }
    }

    private static int find(byte[] data, int from, int to, char wanted) throws TarException {
        for (int i = from; i < to; i++) {
            if (data[i] == wanted) {
                return i;
            }
        }
        throw new TarException("a pax record has no '" + wanted + "'");
    }

    Optional<String> text(String key) {
        return Optional.ofNullable(records.get(key)).map(FileName::decode);
    }

    Optional<Long> number(String key) throws TarException {
        Optional<String> text = text(key);
        return text.isEmpty() ? Optional.empty() : Optional.of(decimal(text.get()));
    }

    /** A number without sign. */
    static long decimal(String text) throws TarException {
        try {
            if (text.chars().allMatch(c -> c >= '0' && c <= '9')) {
                return Long.parseLong(text);
            }
        } catch (NumberFormatException e) {
            throw new TarException("not a number in a pax record: " + FileName.printable(text), e);
        }
        throw new TarException("not a number in a pax record: " + FileName.printable(text));
    }

    /** Seconds since 1970 with a decimal fraction, perhaps negative. */
    Optional<Instant> time(String key) throws TarException {
        Optional<String> text = text(key);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        String value = text.get();
        boolean negative = value.startsWith("-");
        String[] parts = (negative ? value.substring(1) : value).split("\\.", 2);
        long seconds = decimal(parts[0]);
        String digits = parts.length > 1 ? parts[1] : "";
        long nanos = decimal((digits + "000000000").substring(0, 9));
        try {
            return Optional.of(
                    negative ? Instant.ofEpochSecond(-seconds, -nanos) : Instant.ofEpochSecond(seconds, nanos));
        } catch (DateTimeException | ArithmeticException e) {
            throw new TarException("no such time: " + FileName.printable(value), e);
        }
    }

    /** The extended attributes, under their own names. */
    Map<String, byte[]> attributes() {
        var attributes = new HashMap<String, byte[]>();
        records.forEach((key, value) -> {
            if (key.startsWith(XATTR)) {
                attributes.put(key.substring(XATTR.length()), value);
            }
        });
        return attributes;
    }
}
