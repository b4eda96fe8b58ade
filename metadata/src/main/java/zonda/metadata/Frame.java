package zonda.metadata;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * A message of protocol V2, either way: {@code V2 <length> <crc32> <request id> <code> [payload in base64]}, where length
 * and checksum are those of all that follows them.
 *
 * @param payload decoded; empty for none
 */
record Frame(String requestId, String code, Optional<String> payload) {
    private static final Pattern LINE =
            Pattern.compile("V2\\s+(\\d{1,9})\\s+([0-9a-f]{8})\\s+(([0-9a-f]+)\\s+(.*))", Pattern.DOTALL);
    private static final Pattern BODY = Pattern.compile("([A-Z]+)(?:\\s+(\\S+))?\\s*", Pattern.DOTALL);

    static boolean isOne(String line) {
        return line.startsWith("V2 ");
    }

    /** Reads a line; empty for one whose length, checksum or form is wrong, which is not to be answered. */
    static Optional<Frame> parse(String line) {
        Matcher matcher = LINE.matcher(line);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String body = matcher.group(3);
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        if (bytes.length != Integer.parseInt(matcher.group(1))
                || !checksum(bytes).equals(matcher.group(2))) {
            return Optional.empty();
        }
        Matcher parts = BODY.matcher(matcher.group(5));
        if (!parts.matches()) {
            return Optional.empty();
        }
        try {
            Optional<String> payload = Optional.ofNullable(parts.group(2)).map(Frame::decode);
            return Optional.of(new Frame(matcher.group(4), parts.group(1), payload));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    /** The line, without its end. No blank at the end for an empty payload: cloud-init would not count it. */
    String text() {
        String words = requestId + " " + code;
        String body = payload.filter(text -> !text.isEmpty())
                .map(text -> words + " " + encode(text))
                .orElse(words);
        byte[] bytes = body.getBytes(StandardCharsets.US_ASCII);
        return "V2 " + bytes.length + " " + checksum(bytes) + " " + body;
    }

    static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** @throws IllegalArgumentException when it isn't base64 */
    static String decode(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    private static String checksum(byte[] body) {
        var crc = new CRC32();
        crc.update(body);
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }
}
