package zonda.dtrace;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was typed: dtrace(8)'s options. Words that are no options may stand among them.
 *
 * @param options as they follow -x
 * @param letters for those that a letter set, the letter with its value
 */
record CommandLine(
        Mode mode,
        List<Source> sources,
        List<String> options,
        Map<String, String> letters,
        List<String> commands,
        List<Long> processes,
        List<String> words,
        Optional<String> output,
        List<String> flags) {
    CommandLine {
        sources = List.copyOf(sources);
        options = List.copyOf(options);
        letters = Map.copyOf(letters);
        commands = List.copyOf(commands);
        processes = List.copyOf(processes);
        words = List.copyOf(words);
        flags = List.copyOf(flags);
    }

    /** What is to be done. */
    enum Mode {
        EXECUTE,
        LIST,
        VERSION,
        /** -h: a header for the probes that a program declares. */
        HEADER,
        /** -G: an object for them. */
        OBJECT
    }

    /** A program or description. @param letter of the option that gave it */
    record Source(char letter, String text) {}

    /** A command line that makes no sense; the words are printed, and the status is 2. */
    static final class UsageException extends RuntimeException {
        private final boolean showUsage;

        UsageException(String message, boolean showUsage) {
            super(message, null, false, false);
            this.showUsage = showUsage;
        }

        boolean showsUsage() {
            return showUsage;
        }
    }

    private static final String WITH_VALUE = "bcDfiILmnopPsUxX";
    private static final String KNOWN = WITH_VALUE + "aABCeFGhHlqSvVwZ";

    static CommandLine parse(List<String> arguments) {
        var parser = new Parser();
        parser.parse(arguments);
        return parser.result();
    }

    boolean has(String flag) {
        return flags.contains(flag);
    }

    /** Collects while options are read. */
    private static final class Parser {
        private Mode mode = Mode.EXECUTE;
        private final List<Source> sources = new ArrayList<>();
        private final List<String> options = new ArrayList<>();
        private final Map<String, String> letters = new HashMap<>();
        private final List<String> commands = new ArrayList<>();
        private final List<Long> processes = new ArrayList<>();
        private final List<String> words = new ArrayList<>();
        private Optional<String> output = Optional.empty();
        private final List<String> flags = new ArrayList<>();

        void parse(List<String> arguments) {
            if (arguments.isEmpty()) {
                throw new UsageException("", true);
            }
            var rest = new ArrayList<>(arguments);
            while (!rest.isEmpty()) {
                String word = rest.removeFirst();
                if (word.equals("-32") || word.equals("-64")) {
                    // Programs have 64 bits.
                    continue;
                }
                if (word.startsWith("-3") || word.startsWith("-6")) {
                    throw new UsageException("dtrace: illegal option -- " + word.substring(1), true);
                }
                if (word.equals("--")) {
                    words.addAll(rest);
                    return;
                }
                if (word.startsWith("--")) {
                    longOption(word.substring(2), rest);
                } else if (word.startsWith("-") && word.length() > 1) {
                    letters(word, rest);
                } else {
                    words.add(word);
                }
            }
        }

        private void longOption(String word, List<String> rest) {
            int equals = word.indexOf('=');
            String name = equals < 0 ? word : word.substring(0, equals);
            switch (name) {
                case "json" -> flags.add("json");
                case "flame" -> flags.add("flame=" + longValue(word, equals, rest));
                case "heatmap" -> flags.add("heatmap=" + longValue(word, equals, rest));
                case "explain" -> sources.add(new Source('?', longValue(word, equals, rest)));
                default -> throw new UsageException("dtrace: illegal option -- " + word, true);
            }
        }

        private static String longValue(String word, int equals, List<String> rest) {
            if (equals >= 0) {
                return word.substring(equals + 1);
            }
            if (rest.isEmpty()) {
                throw new UsageException("dtrace: option requires an argument -- " + word, true);
            }
            return rest.removeFirst();
        }

        private void letters(String word, List<String> rest) {
            for (int i = 1; i < word.length(); i++) {
                char letter = word.charAt(i);
                if (KNOWN.indexOf(letter) < 0) {
                    throw new UsageException("dtrace: illegal option -- " + letter, true);
                }
                if (WITH_VALUE.indexOf(letter) < 0) {
                    flag(letter);
                    continue;
                }
                String value = word.substring(i + 1);
                if (value.isEmpty()) {
                    if (rest.isEmpty()) {
                        throw new UsageException("dtrace: option requires an argument -- " + letter, true);
                    }
                    value = rest.removeFirst();
                }
                valued(letter, value);
                return;
            }
        }

        private void flag(char letter) {
            switch (letter) {
                case 'l' -> mode(Mode.LIST);
                case 'V' -> mode(Mode.VERSION);
                case 'A', 'a' ->
                    throw new UsageException(
                            "dtrace: -" + letter + " is not supported: Linux has no anonymous tracing at boot", false);
                case 'G' -> mode(Mode.OBJECT);
                case 'h' -> mode(Mode.HEADER);
                case 'q' -> options.add("quiet");
                case 'w' -> options.add("destructive");
                case 'F' -> options.add("flowindent");
                case 'Z' -> {
                    options.add("zdefs");
                    flags.add("Z");
                }
                case 'C' -> options.add("cpp");
                case 'H' -> options.add("cpphdrs");
                default -> flags.add(String.valueOf(letter));
            }
        }

        private void mode(Mode wanted) {
            if (mode != Mode.EXECUTE && mode != wanted) {
                throw new UsageException("dtrace: only one of the [-AGhlV] options can be specified at a time", false);
            }
            mode = wanted;
        }

        private void valued(char letter, String value) {
            switch (letter) {
                case 'n', 'P', 'm', 'f', 'i', 's' -> sources.add(new Source(letter, value));
                case 'x' -> options.add(value);
                case 'b' -> lettered("-b " + value, "bufsize", value);
                case 'D' -> lettered("-D " + value, "define", value);
                case 'I' -> lettered("-I " + value, "incdir", value);
                case 'L' -> lettered("-L " + value, "libdir", value);
                case 'U' -> lettered("-U " + value, "undef", value);
                case 'X' -> lettered("-X " + value, "stdc", value);
                case 'c' -> commands.add(value);
                case 'o' -> output = Optional.of(value);
                case 'p' -> {
                    if (!value.matches("[0-9]{1,9}")) {
                        throw new Complaint("invalid pid: " + value);
                    }
                    processes.add(Long.valueOf(value));
                }
                default -> throw new AssertionError(letter);
            }
        }

        /** A letter that sets an option; what is wrong with its value is told of the letter. */
        private void lettered(String written, String option, String value) {
            options.add(option + "=" + value);
            letters.put(option + "=" + value, written);
        }

        private void checkCombination() {
            if (flags.contains("B") && mode != Mode.EXECUTE) {
                throw new UsageException("dtrace: -B not valid in combination with [-AGhl] options", false);
            }
            if (flags.contains("B") && output.isPresent()) {
                throw new UsageException("dtrace: -B not valid in combination with -o option", false);
            }
        }

        CommandLine result() {
            checkCombination();
            return new CommandLine(mode, sources, options, letters, commands, processes, words, output, flags);
        }
    }
}
