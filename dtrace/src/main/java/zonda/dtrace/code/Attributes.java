package zonda.dtrace.code;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How far something may be relied on: its name, its data, and what it depends on. What consists of several is as stable
 * as the least stable of them.
 *
 * @param names index of the name's stability, by {@link #STABILITIES}
 * @param data index of the data's stability
 * @param dependency index of the class, by {@link #CLASSES}
 */
public record Attributes(int names, int data, int dependency) {
    private static final List<String> STABILITIES =
            List.of("Internal", "Private", "Obsolete", "External", "Unstable", "Evolving", "Stable", "Standard");
    private static final List<String> CLASSES = List.of("Unknown", "CPU", "Platform", "Group", "ISA", "Common");

    public static final Attributes STABLE = of("Stable/Stable/Common");

    /** @throws IllegalArgumentException when it isn't of this form */
    public static Attributes of(String written) {
        return parse(written).orElseThrow(() -> new IllegalArgumentException(written));
    }

    /** Of the form {@code Stable/Evolving/ISA}, in letters of any case. */
    public static Optional<Attributes> parse(String written) {
        String[] parts = written.toLowerCase(Locale.ROOT).split("/", -1);
        if (parts.length != 3) {
            return Optional.empty();
        }
        var found =
                new Attributes(index(STABILITIES, parts[0]), index(STABILITIES, parts[1]), index(CLASSES, parts[2]));
        return found.names < 0 || found.data < 0 || found.dependency < 0 ? Optional.empty() : Optional.of(found);
    }

    private static int index(List<String> words, String word) {
        return words.stream().map(one -> one.toLowerCase(Locale.ROOT)).toList().indexOf(word);
    }

    public Attributes least(Attributes other) {
        return new Attributes(
                Math.min(names, other.names), Math.min(data, other.data), Math.min(dependency, other.dependency));
    }

    /** Whether any of the three is less than it is in another. */
    public boolean isBelow(Attributes other) {
        return names < other.names || data < other.data || dependency < other.dependency;
    }

    /** The lines of a report. */
    public String report() {
        return "\t\tIdentifier Names: " + STABILITIES.get(names) + "\n\t\tData Semantics:   " + STABILITIES.get(data)
                + "\n\t\tDependency Class: " + CLASSES.get(dependency) + "\n";
    }

    @Override
    public String toString() {
        return STABILITIES.get(names) + "/" + STABILITIES.get(data) + "/" + CLASSES.get(dependency);
    }
}
