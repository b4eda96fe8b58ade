package zonda.vm;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import zonda.base.Json;

/**
 * One line of the property table.
 *
 * @param name dotted; {@code nics.*.mac} is the mac of each member of nics
 * @param rules which verbs take it for which brands
 * @param check the name of a further rule, or {@code as:X}; may be empty
 * @param stored where SmartOS keeps it
 */
public record Property(
        String name,
        Type type,
        List<Rule> rules,
        Optional<Json> defaultValue,
        OptionalLong min,
        OptionalLong max,
        String check,
        Set<Brand> required,
        Listing listing,
        Change change,
        Status status,
        String stored,
        boolean deprecated,
        String effect) {

    public enum Type {
        UUID,
        BOOLEAN,
        STRING,
        INTEGER,
        LIST,
        FLAT_OBJECT,
        OBJECT_ARRAY,
        ZPOOL,
        READ_ONLY
    }

    /** What may be done with a payload. */
    public enum Verb {
        CREATE('C'),
        RECEIVE('R'),
        UPDATE('U'),
        /** In a member of an array that is created, or added by an update. */
        ADD('A');

        private final char letter;

        Verb(char letter) {
            this.letter = letter;
        }
    }

    public enum Listing {
        NONE,
        COLUMN,
        COMPLEX
    }

    public enum Change {
        NONE,
        LIVE,
        REBOOT
    }

    public enum Status {
        NOW,
        LATER,
        READ_ONLY
    }

    /** Verbs that take the property, and for which brands. */
    public record Rule(Set<Verb> verbs, Set<Brand> brands) {
        /** @param text such as {@code CRU:ALL-bhyve} */
        static Rule parse(String text) {
            String[] halves = text.split(":", 2);
            Set<Verb> verbs = EnumSet.noneOf(Verb.class);
            for (Verb verb : Verb.values()) {
                if (halves[0].indexOf(verb.letter) >= 0) {
                    verbs.add(verb);
                }
            }
            return new Rule(verbs, brands(halves[1]));
        }

        private static Set<Brand> brands(String text) {
            Set<Brand> brands = EnumSet.noneOf(Brand.class);
            for (String word : text.split("\\+")) {
                Optional<Brand> one = Brand.find(word);
                if (one.isPresent()) {
                    brands.add(one.get());
                    continue;
                }
                String[] parts = word.split("-");
                for (Brand brand : Brand.values()) {
                    boolean in = switch (parts[0]) {
                        case "ALL" -> true;
                        case "HVM" -> brand.isHvm();
                        case "OS" -> !brand.isHvm();
                        default -> throw new IllegalArgumentException("brands: " + text);
                    };
                    if (in && (parts.length == 1 || !brand.word().equals(parts[1]))) {
                        brands.add(brand);
                    }
                }
            }
            return brands;
        }
    }

    public boolean takenBy(Verb verb, Brand brand) {
        return rules.stream()
                .anyMatch(rule -> rule.verbs().contains(verb) && rule.brands().contains(brand));
    }

    /** The array it is in: {@code nics} of {@code nics.*.mac}. */
    Optional<String> array() {
        int dots = name.indexOf(".*.");
        return dots < 0 ? Optional.empty() : Optional.of(name.substring(0, dots));
    }

    /** Its last word: {@code mac} of {@code nics.*.mac}. */
    String member() {
        return name.substring(name.lastIndexOf('.') + 1);
    }
}
