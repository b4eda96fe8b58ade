package zonda.storage;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * What was delegated at one dataset: zfs-allow(8). What that means for somebody, there and below, finds {@link Delegating}.
 *
 * @param granted names of permissions, and of sets of them with their {@code @}, by what they were given to
 */
public record Permissions(Map<Target, Set<String>> granted) {
    public static final Permissions NONE = new Permissions(Map.of());

    /** Characters of all of it: the record has a copy in an attribute. */
    private static final int MOST = 3000;

    private static final int LONGEST_SET = 64;

    /** Whom permissions are given. */
    public sealed interface Whom {
        record User(long uid) implements Whom {}

        record Group(long gid) implements Whom {}

        record Everyone() implements Whom {}
    }

    /** What permissions are given to. */
    public sealed interface Target {
        /** Somebody, at the dataset itself or at those below it. */
        record At(Whom whom, boolean below) implements Target {}

        /** Who makes a dataset anywhere below, at that dataset. */
        record Maker() implements Target {}

        /** A set that others can be given. */
        record Named(String set) implements Target {
            public Named {
                requireSet(set);
            }
        }
    }

    public Permissions {
        granted = granted.entrySet().stream()
                .filter(one -> !one.getValue().isEmpty())
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, one -> Set.copyOf(one.getValue())));
        granted.values().forEach(names -> names.forEach(Permissions::requireName));
        int length = granted.entrySet().stream()
                .mapToInt(one -> word(one.getKey()).length()
                        + one.getValue().stream()
                                .mapToInt(name -> name.length() + 3)
                                .sum())
                .sum();
        if (length > MOST) {
            throw new OpException(
                    Code.INVALID,
                    "a dataset has permissions of at most " + MOST + " characters; a set, or a group, says it shorter");
        }
    }

    private static void requireSet(String name) {
        if (!name.matches("@[A-Za-z0-9:._-]+") || name.length() > LONGEST_SET) {
            throw new OpException(
                    Code.INVALID,
                    "'" + name + "': the name of a set is '@' and at most " + (LONGEST_SET - 1)
                            + " letters, digits and ':._-'");
        }
    }

    private static void requireName(String name) {
        if (name.startsWith("@")) {
            requireSet(name);
        } else if (!PermissionNames.isKnown(name)) {
            throw new OpException(Code.INVALID, "there is no permission '" + name + "'; 'zfs allow' lists all");
        }
    }

    public boolean isEmpty() {
        return granted.isEmpty();
    }

    /** What was given to something. */
    public Set<String> of(Target target) {
        return granted.getOrDefault(target, Set.of());
    }

    Permissions with(Target target, Collection<String> names) {
        var more = new TreeSet<>(of(target));
        more.addAll(names);
        return replaced(target, more);
    }

    /** @param names none for all */
    Permissions without(Target target, Optional<Set<String>> names) {
        var left = new TreeSet<>(of(target));
        names.ifPresentOrElse(left::removeAll, left::clear);
        return replaced(target, left);
    }

    private Permissions replaced(Target target, Set<String> names) {
        var changed = new java.util.HashMap<>(granted);
        changed.put(target, names);
        return new Permissions(changed);
    }

    /** As records have it. */
    Map<String, List<String>> words() {
        var words = new TreeMap<String, List<String>>();
        granted.forEach((target, names) ->
                words.put(word(target), names.stream().sorted().toList()));
        return words;
    }

    /** @throws OpException INVALID for what {@link #words} doesn't give */
    static Permissions of(Map<String, List<String>> words) {
        return new Permissions(words.entrySet().stream()
                .collect(Collectors.toMap(one -> target(one.getKey()), one -> Set.copyOf(one.getValue()))));
    }

    private static String word(Target target) {
        return switch (target) {
            case Target.At(Whom whom, boolean below) -> (below ? "below " : "at ") + word(whom);
            case Target.Maker() -> "maker";
            case Target.Named(String set) -> set;
        };
    }

    private static String word(Whom whom) {
        return switch (whom) {
            case Whom.User(long uid) -> "user " + uid;
            case Whom.Group(long gid) -> "group " + gid;
            case Whom.Everyone() -> "everyone";
        };
    }

    private static Target target(String word) {
        if (word.startsWith("@")) {
            return new Target.Named(word);
        }
        String[] parts = word.split(" ");
        boolean below = parts[0].equals("below");
        if (word.equals("maker")) {
            return new Target.Maker();
        } else if (!below && !parts[0].equals("at") || parts.length < 2) {
            throw new OpException(Code.INVALID, "nothing that permissions are given to: " + word);
        }
        return switch (parts[1]) {
            case "user" -> new Target.At(new Whom.User(Long.parseLong(parts[2])), below);
            case "group" -> new Target.At(new Whom.Group(Long.parseLong(parts[2])), below);
            case "everyone" -> new Target.At(new Whom.Everyone(), below);
            default -> throw new OpException(Code.INVALID, "nobody that permissions are given to: " + word);
        };
    }
}
