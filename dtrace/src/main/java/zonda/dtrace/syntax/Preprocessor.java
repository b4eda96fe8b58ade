package zonda.dtrace.syntax;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The C preprocessor of -C: definitions with and without arguments, conditions, files. Lines keep their numbers by
 * control lines, which the lexer reads.
 */
public final class Preprocessor {
    private static final int DEEPEST = 32;
    private static final int LONGEST = 4 << 20;

    /** A definition. @param parameters empty when it takes none */
    private record Definition(Optional<List<String>> parameters, String body) {}

    private final Map<String, Definition> definitions = new HashMap<>();
    private final Function<String, Optional<String>> files;
    private final StringBuilder out = new StringBuilder();
    private int depth;

    /** @param files the content of a file to include, if it is found */
    public Preprocessor(Function<String, Optional<String>> files) {
        this.files = files;
        for (String word : List.of(
                "__SUNW_D=1", "__SUNW_D_VERSION=0x010e0000", "__unix=1", "__SVR4=1", "__amd64=1", "__linux=1")) {
            define(word);
        }
    }

    /** -D: {@code NAME} or {@code NAME=VALUE}. */
    public void define(String definition) {
        int equals = definition.indexOf('=');
        String name = equals < 0 ? definition : definition.substring(0, equals);
        definitions.put(name, new Definition(Optional.empty(), equals < 0 ? "1" : definition.substring(equals + 1)));
    }

    /** -U. */
    public void undefine(String name) {
        definitions.remove(name);
    }

    /** The text with all of it done. @throws DError D_CPP_ERR with the line */
    public String process(String text) {
        out.setLength(0);
        depth = 0;
        file(text);
        return out.toString();
    }

    /** A condition: whether its lines count, whether any branch did, whether those around it count. */
    private static final class Condition {
        private boolean active;
        private boolean taken;
        private boolean otherwise;
        private final boolean outer;
        private final String word;
        private final int line;

        Condition(String word, int line, boolean active, boolean outer) {
            this.word = word;
            this.line = line;
            this.active = active && outer;
            this.taken = active;
            this.outer = outer;
        }
    }

    private void file(String text) {
        if (++depth > DEEPEST) {
            throw new DError("D_CPP_ERR", 0, "files include each other without an end");
        }
        Deque<Condition> conditions = new ArrayDeque<>();
        String[] lines = text.split("\n", -1);
        int number = 0;
        while (number < lines.length) {
            int first = number;
            var line = new StringBuilder(lines[number]);
            while (line.toString().endsWith("\\")
                    && number + 1 < lines.length
                    && line.toString().stripLeading().startsWith("#")) {
                line.setLength(line.length() - 1);
                line.append(lines[++number]);
            }
            boolean active = conditions.isEmpty() || conditions.peek().active;
            String whole = line.toString();
            boolean script = first == 0 && whole.startsWith("#!");
            if (!script && whole.stripLeading().startsWith("#")) {
                directive(whole.strip().substring(1).strip(), conditions, first + 1, active);
                out.append("\n".repeat(number - first + 1));
            } else {
                out.append(active && !script ? expand(whole, Set.of(), first + 1) : "")
                        .append('\n');
            }
            if (out.length() > LONGEST) {
                throw new DError("D_CPP_ERR", first + 1, "the program becomes too long by its definitions");
            }
            number++;
        }
        if (!conditions.isEmpty()) {
            throw new DError("D_CPP_ERR", conditions.peek().line, "unterminated #" + conditions.peek().word);
        }
        depth--;
    }

    private void directive(String text, Deque<Condition> conditions, int line, boolean active) {
        String[] words = text.split("\\s+", 2);
        String rest = words.length > 1 ? words[1].replaceAll("/\\*.*?\\*/", " ").strip() : "";
        switch (words[0]) {
            case "ifdef", "ifndef" -> {
                if (rest.isEmpty()) {
                    throw new DError("D_CPP_ERR", line, "no macro name given in #" + words[0] + " directive");
                }
                boolean known = definitions.containsKey(rest.split("\\s", 2)[0]);
                conditions.push(new Condition(words[0], line, known == words[0].equals("ifdef"), active));
            }
            case "if" -> conditions.push(new Condition("if", line, active && truth(rest, line), active));
            case "elif", "else" -> {
                Condition condition = conditions.peek();
                if (condition == null) {
                    throw new DError("D_CPP_ERR", line, "#" + words[0] + " without #if");
                }
                if (condition.otherwise) {
                    throw new DError("D_CPP_ERR", line, "#" + words[0] + " after #else");
                }
                condition.otherwise = words[0].equals("else");
                boolean holds = !condition.taken && condition.outer && (words[0].equals("else") || truth(rest, line));
                condition.active = holds;
                condition.taken |= holds;
            }
            case "endif" -> {
                if (conditions.poll() == null) {
                    throw new DError("D_CPP_ERR", line, "#endif without #if");
                }
            }
            default -> {
                if (active) {
                    effect(words[0], rest, text, line);
                }
            }
        }
    }

    private void effect(String word, String rest, String text, int line) {
        switch (word) {
            case "define" -> definition(rest, line);
            case "undef" -> definitions.remove(rest);
            case "include" -> include(rest, line);
            case "error" -> throw new DError("D_CPP_ERR", line, "#error " + rest);
            default -> out.append('#').append(text);
        }
    }

    private void definition(String text, int line) {
        int end = 0;
        while (end < text.length() && isWord(text.charAt(end))) {
            end++;
        }
        String name = text.substring(0, end);
        if (name.isEmpty()) {
            throw new DError("D_CPP_ERR", line, "no macro name given in #define directive");
        }
        if (end < text.length() && text.charAt(end) == '(') {
            int close = text.indexOf(')', end);
            if (close < 0) {
                throw new DError("D_CPP_ERR", line, "#define " + name + " without a closing parenthesis");
            }
            List<String> parameters =
                    List.of(text.substring(end + 1, close).strip().split("\\s*,\\s*"));
            definitions.put(
                    name,
                    new Definition(
                            Optional.of(parameters), text.substring(close + 1).strip()));
        } else {
            definitions.put(
                    name, new Definition(Optional.empty(), text.substring(end).strip()));
        }
    }

    private void include(String rest, int line) {
        boolean quoted = rest.length() > 2
                && (rest.startsWith("\"") && rest.endsWith("\"") || rest.startsWith("<") && rest.endsWith(">"));
        if (!quoted) {
            throw new DError("D_CPP_ERR", line, "#include needs a file in quotes or brackets");
        }
        String name = rest.substring(1, rest.length() - 1);
        String content = files.apply(name)
                .orElseThrow(() -> new DError("D_CPP_ENT", line, name + ": No such file or directory"));
        file(content);
        // The lexer goes on counting behind what was included.
        out.append("\n# ").append(line).append('\n');
    }

    private static boolean isWord(char c) {
        return Character.isLetterOrDigit(c) || c == '_';
    }

    /** A line with its names replaced, but for those in strings and those that are being replaced. */
    private String expand(String line, Set<String> busy, int number) {
        var result = new StringBuilder();
        int at = 0;
        while (at < line.length()) {
            char c = line.charAt(at);
            if (c == '"' || c == '\'') {
                int end = at + 1;
                while (end < line.length() && line.charAt(end) != c) {
                    end += line.charAt(end) == '\\' ? 2 : 1;
                }
                end = Math.min(line.length(), end + 1);
                result.append(line, at, end);
                at = end;
            } else if (Character.isLetter(c) || c == '_') {
                int end = at;
                while (end < line.length() && isWord(line.charAt(end))) {
                    end++;
                }
                at = word(line, at, end, busy, number, result);
            } else {
                result.append(c);
                at++;
            }
        }
        return result.toString();
    }

    /** @return where the text goes on */
    private int word(String line, int start, int end, Set<String> busy, int number, StringBuilder result) {
        String name = line.substring(start, end);
        Definition definition = busy.contains(name) ? null : definitions.get(name);
        if (name.equals("__LINE__")) {
            result.append(number);
            return end;
        }
        if (definition == null) {
            result.append(name);
            return end;
        }
        var inner = new HashSet<>(busy);
        inner.add(name);
        if (definition.parameters().isEmpty()) {
            result.append(expand(definition.body(), inner, number));
            return end;
        }
        int open = end;
        while (open < line.length() && line.charAt(open) == ' ') {
            open++;
        }
        if (open >= line.length() || line.charAt(open) != '(') {
            result.append(name);
            return end;
        }
        var arguments = new ArrayList<String>();
        int close = arguments(line, open, arguments);
        if (close < 0) {
            throw new DError("D_CPP_ERR", number, "unterminated argument list of " + name);
        }
        List<String> parameters = definition.parameters().get();
        String body = definition.body();
        var replaced = new StringBuilder();
        int at = 0;
        while (at < body.length()) {
            if (!isWord(body.charAt(at))) {
                replaced.append(body.charAt(at++));
                continue;
            }
            int stop = at;
            while (stop < body.length() && isWord(body.charAt(stop))) {
                stop++;
            }
            String word = body.substring(at, stop);
            int index = parameters.indexOf(word);
            replaced.append(index >= 0 && index < arguments.size() ? expand(arguments.get(index), busy, number) : word);
            at = stop;
        }
        result.append(expand(replaced.toString().replaceAll("\\s*##\\s*", ""), inner, number));
        return close + 1;
    }

    private static int arguments(String line, int open, List<String> arguments) {
        int nesting = 0;
        int start = open + 1;
        for (int at = open; at < line.length(); at++) {
            char c = line.charAt(at);
            if (c == '(') {
                nesting++;
            } else if (c == ')' && --nesting == 0) {
                arguments.add(line.substring(start, at).strip());
                return at;
            } else if (c == ',' && nesting == 1) {
                arguments.add(line.substring(start, at).strip());
                start = at + 1;
            }
        }
        return -1;
    }

    /** The value of an expression of #if. */
    private boolean truth(String text, int line) {
        var defined = java.util.regex.Pattern.compile("defined\\s*(?:\\(\\s*(\\w+)\\s*\\)|(\\w+))")
                .matcher(text)
                .replaceAll(found -> definitions.containsKey(
                                found.group(1) == null ? String.valueOf(found.group(2)) : found.group(1))
                        ? "1"
                        : "0");
        String expanded = expand(defined, Set.of(), line).replaceAll("\\b[A-Za-z_]\\w*\\b(?!\\w)", "0");
        expanded = expanded.replaceAll("(?<=[0-9a-fA-F])[uUlL]+", "");
        return new ConditionReader(expanded, line).value() != 0;
    }
}
