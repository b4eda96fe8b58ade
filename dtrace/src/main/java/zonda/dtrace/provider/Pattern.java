package zonda.dtrace.provider;

/** A probe description as it was written: four parts with wildcards, or an id. An empty part stands for anything. */
public record Pattern(String written, int id, String provider, String module, String function, String name) {
    /** @throws IllegalArgumentException when it has more than four parts */
    public static Pattern parse(String written) {
        if (written.matches("[0-9]{1,9}")) {
            return new Pattern(written, Integer.parseInt(written), "", "", "", "");
        }
        String[] parts = written.split(":", -1);
        if (parts.length > 4) {
            throw new IllegalArgumentException(written);
        }
        String[] all = {"", "", "", ""};
        System.arraycopy(parts, 0, all, 4 - parts.length, parts.length);
        return new Pattern(written, -1, all[0], all[1], all[2], all[3]);
    }

    boolean matches(Probe probe) {
        if (id >= 0) {
            return probe.id() == id;
        }
        return glob(provider, probe.provider())
                && glob(module, probe.module())
                && glob(function, probe.function())
                && glob(name, probe.name());
    }

    /** Whether a part of a description may stand for several names. */
    static boolean isWild(String part) {
        return part.isEmpty() || part.matches(".*[*?\\[].*");
    }

    /** As gmatch(3GEN): * ? [..] and \. */
    static boolean glob(String pattern, String text) {
        return pattern.isEmpty() || match(pattern, 0, text, 0);
    }

    private static boolean match(String pattern, int startPattern, String text, int startText) {
        int p = startPattern;
        int t = startText;
        while (p < pattern.length()) {
            char c = pattern.charAt(p);
            switch (c) {
                case '*' -> {
                    while (p < pattern.length() && pattern.charAt(p) == '*') {
                        p++;
                    }
                    if (p == pattern.length()) {
                        return true;
                    }
                    for (int i = t; i <= text.length(); i++) {
                        if (match(pattern, p, text, i)) {
                            return true;
                        }
                    }
                    return false;
                }
                case '[' -> {
                    int end = pattern.indexOf(']', p + 1);
                    if (end < 0 || t >= text.length() || !inSet(pattern.substring(p + 1, end), text.charAt(t))) {
                        return false;
                    }
                    p = end + 1;
                    t++;
                }
                default -> {
                    if (c == '\\' && p + 1 < pattern.length()) {
                        c = pattern.charAt(++p);
                    } else if (c == '?' && t < text.length()) {
                        c = text.charAt(t);
                    }
                    if (t >= text.length() || text.charAt(t) != c) {
                        return false;
                    }
                    p++;
                    t++;
                }
            }
        }
        return t == text.length();
    }

    private static boolean inSet(String set, char c) {
        boolean negated = set.startsWith("!");
        boolean found = false;
        for (int i = negated ? 1 : 0; i < set.length(); i++) {
            if (i + 2 < set.length() && set.charAt(i + 1) == '-') {
                found |= c >= set.charAt(i) && c <= set.charAt(i + 2);
                i += 2;
            } else {
                found |= set.charAt(i) == c;
            }
        }
        return found != negated;
    }
}
