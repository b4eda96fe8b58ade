package zonda.commands;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * Options and operands of a command line: getopt(3C) with long names. Single letters cluster; a value follows its letter
 * or is the next argument; {@code --} ends options. As the node tools of SmartOS do, options may also follow operands.
 */
final class Getopt {
    private final Map<String, List<String>> options = new LinkedHashMap<>();
    private final List<Map.Entry<String, String>> inOrder = new ArrayList<>();
    private final List<String> operands = new ArrayList<>();

    private Getopt() {}

    /**
     * @param spec options separated by blanks, each its names joined by |, the first of which is asked for later, and =
     *     at the end when it takes a value: {@code "p|parsable o|order= strict"}
     * @throws OpException USAGE naming the option that is unknown or lacks its value
     */
    static Getopt parse(List<String> arguments, String spec) {
        Map<String, String> names = new LinkedHashMap<>();
        Map<String, Boolean> takesValue = new LinkedHashMap<>();
        for (String option : spec.isEmpty() ? List.<String>of() : List.of(spec.split(" "))) {
            boolean value = option.endsWith("=");
            String[] aliases = (value ? option.substring(0, option.length() - 1) : option).split("\\|");
            for (String alias : aliases) {
                names.put(alias, aliases[0]);
            }
            takesValue.put(aliases[0], value);
        }
        var parsed = new Getopt();
        var rest = new ArrayList<>(arguments);
        while (!rest.isEmpty()) {
            String word = rest.removeFirst();
            if (word.equals("--")) {
                parsed.operands.addAll(rest);
                break;
            } else if (word.startsWith("--")) {
                parsed.longOption(word.substring(2), names, takesValue, rest);
            } else if (word.startsWith("-") && word.length() > 1) {
                parsed.letters(word.substring(1), names, takesValue, rest);
            } else {
                parsed.operands.add(word);
            }
        }
        return parsed;
    }

    /** How many words there are before the first operand, when single letters that take values are all options. */
    static int leading(List<String> arguments) {
        return leading(arguments, word -> word.length() == 2);
    }

    /** How many words there are before the first operand. @param lacksValue whether an option's value is the next word */
    static int leading(List<String> arguments, Predicate<String> lacksValue) {
        int words = 0;
        while (words < arguments.size() && arguments.get(words).matches("-.+")) {
            words += lacksValue.test(arguments.get(words)) ? 2 : 1;
        }
        return Math.min(words, arguments.size());
    }

    private void longOption(
            String word, Map<String, String> names, Map<String, Boolean> takesValue, List<String> rest) {
        int equals = word.indexOf('=');
        String name = equals < 0 ? word : word.substring(0, equals);
        String option = Optional.ofNullable(names.get(name)).orElseThrow(() -> unknown("--" + name));
        if (!takesValue.getOrDefault(option, false)) {
            add(option, "");
        } else if (equals >= 0) {
            add(option, word.substring(equals + 1));
        } else {
            add(option, value("--" + name, rest));
        }
    }

    private void letters(String word, Map<String, String> names, Map<String, Boolean> takesValue, List<String> rest) {
        for (int i = 0; i < word.length(); i++) {
            String letter = word.substring(i, i + 1);
            String option = Optional.ofNullable(names.get(letter)).orElseThrow(() -> unknown("-" + letter));
            if (takesValue.getOrDefault(option, false)) {
                String attached = word.substring(i + 1);
                add(option, attached.isEmpty() ? value("-" + letter, rest) : attached);
                return;
            }
            add(option, "");
        }
    }

    private static String value(String option, List<String> rest) {
        if (rest.isEmpty()) {
            throw new OpException(Code.USAGE, "option " + option + " needs a value");
        }
        return rest.removeFirst();
    }

    private static OpException unknown(String option) {
        return new OpException(Code.USAGE, "unknown option: " + option);
    }

    private void add(String option, String value) {
        options.computeIfAbsent(option, _ -> new ArrayList<>()).add(value);
        inOrder.add(Map.entry(option, value));
    }

    /** Options with their values as they were given. */
    List<Map.Entry<String, String>> inOrder() {
        return List.copyOf(inOrder);
    }

    /** The same with one more option. */
    Getopt with(String option, String value) {
        var more = new Getopt();
        inOrder.forEach(one -> more.add(one.getKey(), one.getValue()));
        more.add(option, value);
        more.operands.addAll(operands);
        return more;
    }

    boolean has(String option) {
        return options.containsKey(option);
    }

    /** The last value given. */
    Optional<String> value(String option) {
        return Optional.ofNullable(options.get(option)).map(List::getLast);
    }

    List<String> values(String option) {
        return options.getOrDefault(option, List.of());
    }

    List<String> operands() {
        return List.copyOf(operands);
    }
}
