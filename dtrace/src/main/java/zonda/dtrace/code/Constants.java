package zonda.dtrace.code;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Numbers that have names of their own, such as those of signals and errors. Read when one is asked for first. */
final class Constants {
    private Constants() {}

    private static final class All {
        private static final Map<String, Long> VALUES = read();

        private static Map<String, Long> read() {
            try (InputStream in = Constants.class.getResourceAsStream("/zonda/dtrace/constants.txt")) {
                if (in == null) {
                    throw new IllegalStateException("constants.txt is not in the module");
                }
                var values = new HashMap<String, Long>();
                new String(in.readAllBytes(), StandardCharsets.UTF_8)
                        .lines()
                        .filter(line -> !line.startsWith("#"))
                        .map(line -> line.split(" "))
                        .forEach(words -> values.put(words[0], Long.valueOf(words[1])));
                return values;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    static Optional<Long> value(String name) {
        return Optional.ofNullable(All.VALUES.get(name));
    }
}
