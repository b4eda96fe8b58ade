package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random texts: what the compiled functions answer is what the same function in Java does. */
class TextFuzzTest {
    private static final int ROUNDS = Integer.getInteger("zonda.fuzz", 600) / 10;
    private static final long SEED = Long.getLong("zonda.seed", 20262);
    private static final int EACH = 6;

    /** An expression, and the text that it is. */
    private record Case(String expression, String value) {}

    private interface Maker {
        Case make(Random random);
    }

    private static void check(Maker maker) {
        var random = new Random(SEED);
        for (int round = 0; round < ROUNDS; round++) {
            List<Case> cases = new ArrayList<>();
            var program = new StringBuilder("BEGIN {");
            for (int i = 0; i < EACH; i++) {
                Case one = maker.make(random);
                cases.add(one);
                program.append(" trace((int64_t)(")
                        .append(one.expression())
                        .append(" == ")
                        .append(quoted(one.value()))
                        .append("));");
            }
            assertThat(Machines.begin(program.append(" }").toString()))
                    .as("seed %d: %s", SEED, program)
                    .hasSize(EACH)
                    .containsOnly(1L);
        }
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    private static String word(Random random, String letters, int longest) {
        var text = new StringBuilder();
        for (int i = random.nextInt(longest + 1); i > 0; i--) {
            text.append(letters.charAt(random.nextInt(letters.length())));
        }
        return text.toString();
    }

    @Test
    void parts_and_places_of_texts() {
        check(random -> {
            String text = word(random, "abca", 12);
            String other = word(random, "ab", 3);
            int at = random.nextInt(20) - 8;
            return switch (random.nextInt(7)) {
                case 0 -> new Case("strjoin(" + quoted(text) + ", " + quoted(other) + ")", text + other);
                case 1 -> new Case("substr(" + quoted(text) + ", " + at + ")", substring(text, at, 1000));
                case 2 -> {
                    int count = random.nextInt(12);
                    yield new Case(
                            "substr(" + quoted(text) + ", " + at + ", " + count + ")", substring(text, at, count));
                }
                case 3 ->
                    new Case(
                            "strstr(" + quoted(text) + ", " + quoted("a" + other) + ")",
                            text.contains("a" + other) ? text.substring(text.indexOf("a" + other)) : "");
                case 4 ->
                    new Case(
                            "strrchr(" + quoted(text) + ", 'b')",
                            text.indexOf('b') < 0 ? "" : text.substring(text.lastIndexOf('b')));
                case 5 ->
                    new Case(
                            "lltostr(index(" + quoted(text) + ", " + quoted("b" + other) + "))",
                            Integer.toString(text.indexOf("b" + other)));
                default ->
                    new Case(
                            "lltostr(rindex(" + quoted(text) + ", " + quoted("c" + other) + "))",
                            Integer.toString(text.lastIndexOf("c" + other)));
            };
        });
    }

    /** As the guide has it: a negative index counts from the end. */
    private static String substring(String text, int index, int count) {
        int from = index;
        int left = count;
        if (from < 0) {
            from += text.length();
            if (from < 0 && from + left > 0) {
                left += from;
                from = 0;
            }
        }
        return from < 0 || from >= text.length() ? "" : text.substring(from, Math.min(text.length(), from + left));
    }

    @Test
    void paths_without_what_says_nothing() {
        check(random -> {
            String path = word(random, "//..ab", 14);
            return new Case("cleanpath(" + quoted(path) + ")", clean(path));
        });
    }

    /** Each step takes the longest of /./, //, /../ that stands where it is. */
    private static String clean(String path) {
        var out = new StringBuilder();
        int at = 0;
        while (at < path.length()) {
            String rest = path.substring(at);
            if (rest.startsWith("//")) {
                at++;
            } else if (rest.startsWith("/./")) {
                at += 2;
            } else if (rest.startsWith("/../") || rest.equals("/..")) {
                out.setLength(Math.max(0, out.lastIndexOf("/")));
                at += 3;
                if (at == path.length()) {
                    out.append('/');
                }
            } else {
                out.append(path.charAt(at++));
            }
        }
        return out.toString();
    }

    @Test
    void what_a_path_leads_to_in_json() {
        check(random -> {
            var path = new StringBuilder();
            var found = new String[] {""};
            String text = value(random, 3, path, found, true);
            if (random.nextInt(4) == 0) {
                path.append(".zz");
                found[0] = "";
            }
            return new Case("json(" + quoted(text) + ", " + quoted(path.toString()) + ")", found[0]);
        });
    }

    /** A value; on the way, the path goes on into it or ends there. */
    private static String value(Random random, int depth, StringBuilder path, String[] found, boolean onTheWay) {
        boolean into = onTheWay && random.nextInt(4) != 0;
        String blank = random.nextInt(3) == 0 ? " " : "";
        int kind = depth == 0 ? 2 + random.nextInt(3) : random.nextInt(5);
        String text = switch (kind) {
            case 0 -> object(random, depth, path, found, into, blank);
            case 1 -> array(random, depth, path, found, into, blank);
            case 2 -> Integer.toString(random.nextInt(2000) - 1000);
            case 3 -> random.nextBoolean() ? "true" : "null";
            default -> quoted(word(random, "xyz{}[],:", 5));
        };
        if (onTheWay && (!into || kind > 1)) {
            found[0] = text.startsWith("\"") ? text.substring(1, text.length() - 1) : text;
        }
        return text;
    }

    private static String object(
            Random random, int depth, StringBuilder path, String[] found, boolean into, String blank) {
        int size = 1 + random.nextInt(3);
        int chosen = into ? random.nextInt(size) : -1;
        var text = new StringBuilder("{").append(blank);
        for (int i = 0; i < size; i++) {
            String key = "k" + "ab".substring(0, i % 3) + i;
            if (i == chosen) {
                path.append(path.isEmpty() ? "" : ".").append(key);
            }
            text.append(i == 0 ? "" : "," + blank)
                    .append('"')
                    .append(key)
                    .append("\"")
                    .append(blank)
                    .append(':')
                    .append(blank)
                    .append(value(random, depth - 1, path, found, i == chosen))
                    .append(blank);
        }
        return text.append('}').toString();
    }

    private static String array(
            Random random, int depth, StringBuilder path, String[] found, boolean into, String blank) {
        int size = 1 + random.nextInt(3);
        int chosen = into ? random.nextInt(size) : -1;
        var text = new StringBuilder("[").append(blank);
        for (int i = 0; i < size; i++) {
            if (i == chosen) {
                path.append('[').append(i).append(']');
            }
            text.append(i == 0 ? "" : "," + blank)
                    .append(value(random, depth - 1, path, found, i == chosen))
                    .append(blank);
        }
        return text.append(']').toString();
    }
}
