package zonda.commands;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Dataset;
import zonda.storage.Datasets;
import zonda.storage.DestroyOptions;
import zonda.vm.Delegation;

/**
 * What of zfs(8) a zone may: what is not let through here is refused. Names are those of the dataset that is delegated to
 * the zone and of those below it; the highest can neither go nor get another name, nor another limit.
 */
final class ZoneZfsGate {
    private static final Set<String> GROWING = Set.of("create", "clone", "snapshot", "snap", "bookmark");
    private static final String COMPRESSION = "compression";
    private static final Set<String> LIMITS = Set.of("quota", "filesystem_limit", "snapshot_limit");
    private static final String OURS = "zonda";
    /** All of them are in the daemon's memory, which other zones need, too. */
    private static final int MOST_THINGS = 10_000;

    private static final int MOST_NOTES = 100;
    private static final int LONGEST_VALUE = 1024;

    private final String top;
    private final Facts facts;

    /** What there is, as far as a name alone does not say whether it may be touched. */
    interface Facts {
        /** The snapshot that a dataset is a clone of. */
        Optional<String> origin(String dataset);

        /** The names of all that would go. */
        List<String> wouldDestroy(String name, DestroyOptions how);

        /** How many datasets, snapshots and bookmarks the zone has. */
        long population();

        /** How many user properties and holds something has. */
        int notes(String name);

        static Facts of(String top, Datasets datasets) {
            return new Facts() {
                @Override
                public Optional<String> origin(String dataset) {
                    return datasets.find(dataset).flatMap(Dataset::origin);
                }

                @Override
                public List<String> wouldDestroy(String name, DestroyOptions how) {
                    return datasets.wouldDestroy(name, how);
                }

                @Override
                public long population() {
                    return datasets.list(top).stream()
                            .map(Dataset::name)
                            .mapToLong(one -> 1L
                                    + datasets.snapshots(one).size()
                                    + datasets.bookmarks(one).size())
                            .sum();
                }

                @Override
                public int notes(String name) {
                    return name.indexOf('@') < 0
                            ? datasets.find(name)
                                    .map(one -> one.properties().size())
                                    .orElse(0)
                            : datasets.findSnapshot(name)
                                    .map(one -> one.holds().size()
                                            + one.properties().size())
                                    .orElse(0);
                }
            };
        }
    }

    /** @param top the name of the dataset that is delegated */
    ZoneZfsGate(String top, Facts facts) {
        this.top = top;
        this.facts = facts;
    }

    /**
     * What is to be done.
     *
     * @param words the command, as the host's zfs is to get it
     * @param hidden the datasets that the zone must not see while it is done, nor those below them
     */
    record Allowed(List<String> words, Set<String> hidden) {
        Allowed {
            words = List.copyOf(words);
            hidden = Set.copyOf(hidden);
        }
    }

    /** @throws OpException USAGE for what makes no sense, and else why the zone may not */
    Allowed check(List<String> words) {
        String verb = words.getFirst();
        List<String> rest = words.subList(1, words.size());
        if (GROWING.contains(verb) && facts.population() >= MOST_THINGS) {
            throw new OpException(
                    Code.FAILED,
                    "cannot " + verb + ": a zone has at most " + MOST_THINGS + " datasets, snapshots and bookmarks");
        }
        return switch (verb) {
            case "list" -> listing(words, Getopt.parse(rest, "H p r d= o= t= s= S= j|json json-int"), 0);
            case "get" -> listing(words, Getopt.parse(rest, "H p r d= o= t= s= j|json json-int"), 1);
            case "holds" -> names(words, Getopt.parse(rest, "H p r"), 0);
            case "hold", "release" -> names(words, Getopt.parse(rest, "r"), 1);
            case "create" -> create(verb, Getopt.parse(rest, "p u o="));
            case "clone" -> copy(verb, Getopt.parse(rest, "p o="));
            case "destroy" -> destroy(words, Getopt.parse(rest, ZfsDestroying.OPTIONS));
            case "snapshot", "snap" -> snapshot(words, Getopt.parse(rest, "r o="));
            case "rollback" -> rollback(words, Getopt.parse(rest, "r f"));
            case "promote" -> promote(words, Getopt.parse(rest, ""));
            case "rename" -> rename(words, Getopt.parse(rest, "p u f r"));
            case "bookmark" -> bookmark(words, Getopt.parse(rest, ""));
            case "set" -> set(verb, Getopt.parse(rest, ""));
            case "inherit" -> inherit(verb, rest, Getopt.parse(rest, "r S"));
            case "send" -> send(words, Getopt.parse(rest, "D L P c e n p v w i= I= R"));
            case "receive", "recv", "allow", "unallow", "diff" ->
                throw new OpException(Code.NOT_SUPPORTED, "cannot " + verb + ": not supported in a zone");
            default -> throw new OpException(Code.USAGE, "unrecognized command '" + verb + "'");
        };
    }

    // Names.

    private static String datasetOf(String name) {
        return name.split("[@#]", 2)[0];
    }

    /** @throws OpException as if there was nothing else in the world */
    String within(String name) {
        String dataset = datasetOf(name);
        if (!dataset.equals(top) && !dataset.startsWith(top + "/")) {
            throw new OpException(Code.NOT_FOUND, "cannot open '" + name + "': dataset does not exist");
        }
        return name;
    }

    private String below(String verb, String name) {
        if (!datasetOf(name).startsWith(top + "/")) {
            throw new OpException(Code.INVALID, "cannot " + verb + " '" + name + "': permission denied");
        }
        return name;
    }

    /** The snapshot that keeps the dataset from being destroyed is the global zone's. */
    private void unguarded(String verb, String name) {
        if (name.equals(top + "@indestructible")) {
            throw new OpException(Code.INVALID, "cannot " + verb + " '" + name + "': permission denied");
        }
    }

    private void requireRoom(String verb, String name) {
        if (facts.notes(name) >= MOST_NOTES) {
            throw new OpException(
                    Code.FAILED,
                    "cannot " + verb + " '" + name + "': it has " + MOST_NOTES
                            + " properties or holds, which is the most");
        }
    }

    private static void requireShort(String value) {
        if (value.length() > LONGEST_VALUE) {
            throw new OpException(Code.INVALID, "a value has at most " + LONGEST_VALUE + " characters in a zone");
        }
    }

    private Allowed listing(List<String> words, Getopt options, int before) {
        List<String> operands = options.operands();
        operands.stream().skip(before).forEach(this::within);
        if (operands.size() > before || operands.size() < before) {
            return new Allowed(words, Set.of());
        }
        // Without names all are meant: all that the zone has.
        List<String> all = new ArrayList<>(words);
        all.add(1, "-r");
        all.add(top);
        return new Allowed(all, Set.of());
    }

    private Allowed names(List<String> words, Getopt options, int before) {
        List<String> names = options.operands().stream().skip(before).toList();
        names.forEach(this::within);
        if (words.getFirst().equals("release")) {
            names.forEach(name -> unguarded("release", name));
        }
        if (words.getFirst().equals("hold")) {
            names.forEach(name -> requireRoom("hold", name));
            options.operands().stream().limit(before).forEach(ZoneZfsGate::requireShort);
        }
        return new Allowed(words, Set.of());
    }

    // Verbs.

    private Allowed create(String verb, Getopt options) {
        options.operands().forEach(name -> below(verb, name));
        return new Allowed(made(verb, options), Set.of());
    }

    private Allowed copy(String verb, Getopt options) {
        List<String> operands = options.operands();
        operands.stream().limit(1).forEach(this::within);
        operands.stream().skip(1).forEach(name -> below(verb, name));
        return new Allowed(made(verb, options), Set.of());
    }

    /** The command that makes a dataset, with properties as the host has them. */
    private static List<String> made(String verb, Getopt options) {
        List<String> words = new ArrayList<>(List.of(verb));
        if (options.has("p")) {
            words.add("-p");
        }
        for (String assignment : options.values("o")) {
            words.addAll(List.of("-o", assignment(verb, "", assignment)));
        }
        words.add("--");
        words.addAll(options.operands());
        return words;
    }

    private static String assignment(String verb, String dataset, String text) {
        requireShort(text);
        ZfsChanging.Assignment set = ZfsChanging.Assignment.parse(text);
        if (set.property().equals("mountpoint")) {
            Delegation.requireMountpoint(set.value());
            return Delegation.MOUNTPOINT + "=" + set.value();
        }
        requireOwn(verb, dataset, set.property());
        return text;
    }

    /** Limits, and user properties that are not ours. */
    private static void requireOwn(String verb, String dataset, String property) {
        boolean isUser = property.indexOf(':') >= 0 && !property.startsWith(OURS);
        if (!isUser && !LIMITS.contains(property) && !property.equals(COMPRESSION)) {
            throw new OpException(
                    Code.INVALID,
                    "cannot " + verb + " property" + (dataset.isEmpty() ? "" : " for '" + dataset + "'") + ": '"
                            + property + "' can not be set in a zone");
        }
    }

    private Allowed destroy(List<String> words, Getopt options) {
        for (String name : options.operands()) {
            boolean part = name.indexOf('@') >= 0 || name.indexOf('#') >= 0;
            if (part) {
                within(name);
            } else {
                below("destroy", within(name));
            }
            if (options.has("R")) {
                var how = new DestroyOptions(options.has("r"), true, options.has("d"));
                facts.wouldDestroy(name, how).forEach(one -> refuseOutside(name, one));
            }
        }
        boolean dataset =
                options.operands().stream().noneMatch(name -> name.indexOf('@') >= 0 || name.indexOf('#') >= 0);
        boolean clones = options.has("R");
        Set<String> hidden = clones ? Set.of(top) : dataset ? Set.copyOf(options.operands()) : Set.of();
        return new Allowed(words, options.has("n") ? Set.of() : hidden);
    }

    private void refuseOutside(String asked, String name) {
        String dataset = datasetOf(name);
        if (!dataset.startsWith(top + "/") && !name.startsWith(top + "@")) {
            throw new OpException(Code.CONFLICT, "cannot destroy '" + asked + "': it has clones outside of the zone");
        }
    }

    private Allowed snapshot(List<String> words, Getopt options) {
        options.operands().forEach(this::within);
        for (String assignment : options.values("o")) {
            requireShort(assignment);
            requireUser(ZfsChanging.Assignment.parse(assignment).property());
        }
        return new Allowed(words, Set.of());
    }

    private static void requireUser(String property) {
        if (property.indexOf(':') < 0 || property.startsWith(OURS)) {
            throw new OpException(
                    Code.INVALID, "'" + property + "' can not be set in a zone: user properties of other names can");
        }
    }

    private Allowed rollback(List<String> words, Getopt options) {
        options.operands().forEach(this::within);
        return new Allowed(words, hidden(options.operands()));
    }

    private static Set<String> hidden(List<String> names) {
        Set<String> hidden = new LinkedHashSet<>();
        names.forEach(name -> hidden.add(datasetOf(name)));
        return hidden;
    }

    private Allowed promote(List<String> words, Getopt options) {
        for (String name : options.operands()) {
            below("promote", within(name));
            Optional<String> origin = facts.origin(name);
            if (origin.isPresent()
                    && !datasetOf(origin.get()).startsWith(top + "/")
                    && !datasetOf(origin.get()).equals(top)) {
                throw new OpException(Code.INVALID, "cannot promote '" + name + "': permission denied");
            }
        }
        return new Allowed(words, Set.of());
    }

    private Allowed rename(List<String> words, Getopt options) {
        List<String> operands = options.operands();
        if (!operands.isEmpty() && operands.getFirst().indexOf('@') >= 0) {
            unguarded("rename", within(operands.getFirst()));
            operands.stream()
                    .skip(1)
                    .filter(to -> to.indexOf('/') >= 0 || to.indexOf('@') > 0)
                    .forEach(this::within);
            return new Allowed(words, Set.of());
        }
        operands.stream().limit(1).forEach(this::within);
        operands.forEach(name -> below("rename", name));
        return new Allowed(words, hidden(operands));
    }

    private Allowed bookmark(List<String> words, Getopt options) {
        options.operands().stream()
                .filter(name -> !name.startsWith("@") && !name.startsWith("#"))
                .forEach(this::within);
        return new Allowed(words, Set.of());
    }

    private Allowed set(String verb, Getopt options) {
        List<String> names = options.operands().stream()
                .filter(word -> word.indexOf('=') <= 0)
                .map(this::within)
                .toList();
        names.forEach(name -> requireRoom(verb, name));
        List<String> words = new ArrayList<>(List.of(verb, "--"));
        boolean moves = false;
        for (String word : options.operands()) {
            if (word.indexOf('=') <= 0) {
                continue;
            }
            String property = ZfsChanging.Assignment.parse(word).property();
            if (LIMITS.contains(property) && names.contains(top)) {
                throw new OpException(Code.INVALID, "cannot set property for '" + top + "': permission denied");
            }
            boolean mountpoint = property.equals("mountpoint");
            if (mountpoint && names.stream().anyMatch(name -> name.indexOf('@') >= 0)) {
                throw new OpException(
                        Code.INVALID, "cannot set property: 'mountpoint' can not be modified for snapshots");
            }
            moves |= mountpoint;
            words.add(assignment(verb, names.isEmpty() ? "" : names.getFirst(), word));
        }
        words.addAll(names);
        return new Allowed(words, moves ? hidden(names) : Set.of());
    }

    private Allowed inherit(String verb, List<String> rest, Getopt options) {
        List<String> operands = options.operands();
        operands.stream().skip(1).forEach(this::within);
        if (operands.isEmpty()) {
            return new Allowed(List.of(verb), Set.of());
        }
        if (!operands.getFirst().equals("mountpoint")) {
            if (!operands.getFirst().equals(COMPRESSION)) {
                requireUser(operands.getFirst());
            }
            List<String> words = new ArrayList<>(List.of(verb));
            words.addAll(rest);
            return new Allowed(words, Set.of());
        }
        List<String> names = operands.subList(1, operands.size());
        List<String> words = new ArrayList<>(List.of(verb));
        if (options.has("r")) {
            words.add("-r");
        }
        words.addAll(List.of("--", Delegation.MOUNTPOINT));
        words.addAll(names);
        return new Allowed(words, hidden(names));
    }

    private Allowed send(List<String> words, Getopt options) {
        options.operands().forEach(this::within);
        for (String option : List.of("i", "I")) {
            options.values(option).stream()
                    .filter(from -> from.indexOf('/') >= 0 || from.indexOf('@') > 0 || from.indexOf('#') > 0)
                    .forEach(this::within);
        }
        return new Allowed(words, Set.of());
    }
}
