package zonda.dtrace;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zonda.dtrace.code.Attributes;
import zonda.dtrace.code.Names;
import zonda.dtrace.code.Options;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Item;

/** The {@code #pragma D} lines of a program. */
final class Pragmas {
    private static final Set<String> PARTS = Set.of("provider", "module", "function", "name", "args");
    private static final Pattern WORD = Pattern.compile("\"[^\"]*\"|\\S+");

    private final Options options;
    private final Names names;
    private final Predicate<String> providers;
    /** Names that pragmas are waiting for, with the pragma's. */
    private final Map<String, Item.Pragma> waiting = new LinkedHashMap<>();

    /** @param providers whether there is one of a name */
    Pragmas(Options options, Names names, Predicate<String> providers) {
        this.options = options;
        this.names = names;
        this.providers = providers;
    }

    void apply(Item.Pragma pragma) {
        List<String> words = WORD.matcher(pragma.text())
                .results()
                .map(java.util.regex.MatchResult::group)
                .toList();
        if (words.isEmpty()) {
            return;
        }
        if (!words.getFirst().equals("D")) {
            if (words.getFirst().equals("error")) {
                throw error(pragma, words.subList(1, words.size()));
            }
            return;
        }
        if (words.size() < 2) {
            return;
        }
        List<String> rest = words.subList(2, words.size());
        switch (words.get(1)) {
            case "option" -> option(pragma, rest);
            case "attributes" -> attributes(pragma, rest);
            case "binding" -> binding(pragma, rest);
            case "depends_on" -> dependsOn(pragma, rest);
            case "error" -> throw error(pragma, rest);
            case "ident", "line" -> {}
            default -> throw wrong("D_PRAGMA_INVAL", pragma, "invalid D pragma: " + words.get(1));
        }
    }

    private static DError wrong(String tag, Item.Pragma pragma, String words) {
        return new DError(tag, pragma.line(), words);
    }

    private static DError error(Item.Pragma pragma, List<String> words) {
        return wrong("D_PRAGERR", pragma, "#error: " + String.join(" ", words) + " ");
    }

    private void option(Item.Pragma pragma, List<String> words) {
        if (words.isEmpty() || words.getFirst().startsWith("\"")) {
            throw wrong("D_PRAGMA_MALFORM", pragma, "malformed #pragma option <option>=<val>");
        }
        if (words.size() > 1) {
            throw wrong("D_PRAGMA_MALFORM", pragma, "superfluous arguments specified for #pragma option");
        }
        try {
            options.setInProgram(words.getFirst());
        } catch (DError e) {
            throw wrong(e.tag(), pragma, e.text());
        }
    }

    private void attributes(Item.Pragma pragma, List<String> words) {
        if (words.size() < 2) {
            throw wrong("D_PRAGMA_MALFORM", pragma, "malformed #pragma attributes <attributes> <ident>");
        }
        Attributes stated = Attributes.parse(words.getFirst())
                .orElseThrow(
                        () -> wrong("D_PRAGMA_INVAL", pragma, "invalid attributes specified by #pragma attributes"));
        if (!words.get(1).equals("provider")) {
            named(pragma, "attributes", words.get(1));
            names.attributes(words.get(1), stated);
            return;
        }
        if (words.size() < 4) {
            throw wrong("D_PRAGMA_MALFORM", pragma, "malformed #pragma attributes <attributes> <ident>");
        }
        if (!PARTS.contains(words.get(3))) {
            throw wrong(
                    "D_PRAGMA_INVAL",
                    pragma,
                    "invalid component \"" + words.get(2) + "\" in attribute #pragma for provider " + words.get(3));
        }
    }

    /** What a pragma is about: a name that the program defines, here or further down. */
    private void named(Item.Pragma pragma, String directive, String name) {
        if (Names.kind(name).isPresent()) {
            throw wrong(
                    "D_PRAGMA_SCOPE",
                    pragma,
                    "#pragma " + directive + " cannot modify entity defined outside program scope");
        }
        waiting.put(name, pragma);
    }

    private void binding(Item.Pragma pragma, List<String> words) {
        if (words.size() < 2 || !words.getFirst().startsWith("\"")) {
            throw wrong("D_PRAGMA_MALFORM", pragma, "malformed #pragma binding \"version\" <ident>");
        }
        Matcher version = Pattern.compile("\"[0-9]{1,3}(\\.[0-9]{1,3}){1,2}\"").matcher(words.getFirst());
        if (!version.matches()) {
            throw wrong("D_PRAGMA_INVAL", pragma, "invalid version string specified by #pragma binding");
        }
        named(pragma, "binding", words.get(1));
    }

    static boolean isModule(String name) {
        return name.equals("vmlinux")
                || Files.isDirectory(Path.of("/sys/module").resolve(name));
    }

    private void dependsOn(Item.Pragma pragma, List<String> words) {
        if (words.size() < 2) {
            throw wrong("D_PRAGMA_MALFORM", pragma, "malformed #pragma depends_on <class> <name>");
        }
        String kind = words.getFirst();
        String name = words.get(1);
        boolean found = switch (kind) {
            case "provider" -> providers.test(name);
            case "module" -> isModule(name);
            case "library" ->
                throw wrong("D_PRAGMA_DEPEND", pragma, "main program may not explicitly depend on a library");
            default ->
                throw wrong("D_PRAGMA_INVAL", pragma, "invalid class " + kind + " specified by #pragma depends_on");
        };
        if (!found) {
            throw wrong("D_PRAGMA_DEPEND", pragma, "program requires " + kind + " " + name);
        }
    }

    /** Complains of a pragma for a name that the program never defines. */
    void checkUsed() {
        waiting.forEach((name, pragma) -> {
            if (!names.isOwn(name)) {
                String directive = pragma.text().strip().split("\\s+")[1];
                throw wrong("D_PRAGMA_UNUSED", pragma, "unused #pragma " + directive);
            }
        });
    }
}
