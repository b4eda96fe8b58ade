package zonda.images.oci;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a WWW-Authenticate header asks for, RFC 9110 section 11.6.1.
 *
 * @param scheme in lower case
 */
record Challenge(String scheme, Map<String, String> parameters) {
    private static final Pattern PART = Pattern.compile(
            "\\s*,?\\s*(?:([A-Za-z0-9_-]+)\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^\\s,\"]+))|([A-Za-z0-9_-]+)(?=\\s|,|$))");

    Challenge {
        parameters = Map.copyOf(parameters);
    }

    static List<Challenge> parse(String header) {
        List<Challenge> challenges = new ArrayList<>();
        String scheme = "";
        Map<String, String> parameters = new HashMap<>();
        Matcher part = PART.matcher(header);
        while (part.lookingAt()) {
            if (part.group(4) != null) {
                if (!scheme.isEmpty()) {
                    challenges.add(new Challenge(scheme, parameters));
                }
                scheme = part.group(4).toLowerCase(Locale.ROOT);
                parameters = new HashMap<>();
            } else {
                String value = part.group(2) != null ? part.group(2).replaceAll("\\\\(.)", "$1") : part.group(3);
                parameters.put(part.group(1).toLowerCase(Locale.ROOT), value);
            }
            part.region(part.end(), header.length());
        }
        if (!scheme.isEmpty()) {
            challenges.add(new Challenge(scheme, parameters));
        }
        return challenges;
    }

    Optional<String> get(String parameter) {
        return Optional.ofNullable(parameters.get(parameter));
    }
}
