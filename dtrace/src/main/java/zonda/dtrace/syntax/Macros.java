package zonda.dtrace.syntax;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The values of {@code $pid}, {@code $target}, {@code $1} and so on, and which arguments were used. */
public final class Macros {
    private final Map<String, Long> numbers;
    private final List<String> arguments;
    private boolean defaults;
    private final Set<Integer> used = new HashSet<>();

    /** @param arguments $0, $1, ... @param defaults whether an argument that is not there is 0 or "" (-x defaultargs) */
    public Macros(Map<String, Long> numbers, List<String> arguments, boolean defaults) {
        this.numbers = new HashMap<>(numbers);
        this.arguments = List.copyOf(arguments);
        this.defaults = defaults;
    }

    /** The text for a macro without its dollar sign, such as {@code pid} or {@code 1}. */
    String text(String name, int line) {
        if (!name.isEmpty() && Character.isDigit(name.charAt(0))) {
            int number = number(name);
            used.add(number);
            if (number < arguments.size()) {
                return arguments.get(number);
            }
            if (defaults) {
                return "";
            }
            throw new DError("D_MACRO_UNDEF", line, "macro argument $" + name + " is not defined");
        }
        Long value = numbers.get(name);
        if (value == null) {
            throw new DError("D_MACRO_UNDEF", line, "macro variable $" + name + " is not defined");
        }
        return Long.toString(value);
    }

    /** The process that $target means; 0 when there is none. */
    public long target() {
        return numbers.getOrDefault("target", 0L);
    }

    private static int number(String name) {
        return name.length() > 6 ? Integer.MAX_VALUE : Integer.parseInt(name);
    }

    /** Arguments that are not there are 0 or "" from now on. */
    void allowMissing() {
        defaults = true;
    }

    /** Complains of an argument that no macro names. */
    public void checkUsed() {
        for (int i = 1; i < arguments.size(); i++) {
            if (!used.contains(i)) {
                throw new DError(
                        "D_MACRO_UNUSED",
                        0,
                        "extraneous argument '" + arguments.get(i) + "' ($" + i + " is not referenced)");
            }
        }
    }
}
