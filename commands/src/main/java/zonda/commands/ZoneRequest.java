package zonda.commands;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Reads what tools in zones send: lines, of which some are words in base64. Nothing of it is to be trusted. */
final class ZoneRequest {
    private static final int MOST_WORDS = 256;

    private final InputStream in;
    private final int longestLine;
    private final int longestRequest;

    /** @param longestRequest characters of all words together */
    ZoneRequest(InputStream in, int longestLine, int longestRequest) {
        this.in = in;
        this.longestLine = longestLine;
        this.longestRequest = longestRequest;
    }

    /** That many words. @throws IOException for what is no request */
    List<String> words(int count) throws IOException {
        if (count > MOST_WORDS) {
            throw new IOException("too many arguments: " + count);
        }
        List<String> words = new ArrayList<>();
        int length = 0;
        for (int i = 0; i < count; i++) {
            words.add(decoded(line()));
            length += words.getLast().length();
            if (length > longestRequest) {
                throw new IOException("a request of more than " + longestRequest + " characters");
            }
        }
        return words;
    }

    static String decoded(String line) throws IOException {
        try {
            return new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new IOException("not base64: " + e.getMessage(), e);
        }
    }

    /** The next line. @throws IOException when there is none, or it is too long */
    String line() throws IOException {
        var line = new StringBuilder();
        for (int one = in.read(); one != '\n'; one = in.read()) {
            if (one < 0 || line.length() >= longestLine) {
                throw new IOException("the request was cut off, or a line of it is too long");
            }
            line.append((char) one);
        }
        return line.toString();
    }
}
