package zonda.it;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A command in a document, and what it prints: in a fenced block marked {@code console}, a line that begins with
 * {@code # }, its further lines that begin with {@code > }, and everything until the next one.
 *
 * <p>In what is printed, {@code ...} stands for anything, and alone on its line for any number of lines. UUIDs, MAC
 * addresses, addresses of the embedded network, dates and times differ from run to run, so each matches any of its kind;
 * runs of blanks match each other, since an address may be longer than another.
 *
 * @param line of the document, from 1
 */
record DocumentExample(Path document, int line, String command, String expected) {
    private static final String FENCE = "```";

    private static final List<Varying> VARYING = List.of(
            new Varying("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "(uuid)"),
            new Varying("\\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\\b", "(mac)"),
            new Varying("\\b10\\.99\\.[0-9]{1,3}\\.[0-9]{1,3}\\b", "(address)"),
            new Varying("\\b20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", "(time)"),
            new Varying("\\b20[0-9]{2}-[0-9]{2}-[0-9]{2}\\b", "(date)"),
            new Varying("[ \\t]+", " "));

    private record Varying(Pattern pattern, String word) {
        Varying(String pattern, String word) {
            this(Pattern.compile(pattern), word);
        }

        String replaceIn(String text) {
            return pattern.matcher(text).replaceAll(word);
        }
    }

    /** The examples of a document, in their order. */
    static List<DocumentExample> of(Path document, String text) {
        List<DocumentExample> examples = new ArrayList<>();
        String block = "";
        int number = 0;
        DocumentExample last = null;
        for (String line : text.lines().toList()) {
            number++;
            if (line.startsWith(FENCE)) {
                block = block.isEmpty() ? line.substring(FENCE.length()) + "," : "";
            } else if (block.equals("console,")) {
                if (line.startsWith("# ")) {
                    last = new DocumentExample(document, number, line.substring(2), "");
                    examples.add(last);
                } else if (last != null) {
                    last = last.and(line);
                    examples.set(examples.size() - 1, last);
                }
            }
        }
        return List.copyOf(examples);
    }

    /** The marks of the fenced blocks of a document, empty for one without. */
    static List<String> marks(String text) {
        List<String> marks = new ArrayList<>();
        boolean inside = false;
        for (String line : text.lines().toList()) {
            if (line.startsWith(FENCE)) {
                inside = !inside;
                if (inside) {
                    marks.add(line.substring(FENCE.length()));
                }
            }
        }
        return List.copyOf(marks);
    }

    private DocumentExample and(String next) {
        return next.startsWith("> ") && expected.isEmpty()
                ? new DocumentExample(document, line, command + "\n" + next.substring(2), expected)
                : new DocumentExample(document, line, command, expected + next + "\n");
    }

    boolean matches(String printed) {
        var pattern = new StringBuilder();
        for (String wanted : normal(expected).lines().toList()) {
            if (wanted.equals("...")) {
                pattern.append("(.*\n)*");
            } else {
                pattern.append(Pattern.quote(wanted).replace("...", "\\E.*\\Q")).append('\n');
            }
        }
        return normal(printed).matches(pattern.toString());
    }

    private static String normal(String text) {
        String normal = text.lines().map(line -> line.stripTrailing() + "\n").reduce("", String::concat);
        for (Varying varying : VARYING) {
            normal = varying.replaceIn(normal);
        }
        return normal;
    }

    @Override
    public String toString() {
        return document + ":" + line + ": " + command.lines().findFirst().orElse("");
    }
}
