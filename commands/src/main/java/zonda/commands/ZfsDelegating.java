package zonda.commands;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Accounts;
import zonda.storage.Datasets;
import zonda.storage.Delegating;
import zonda.storage.PermissionNames;
import zonda.storage.Permissions;
import zonda.storage.Permissions.Target;
import zonda.storage.Permissions.Whom;

/** {@code zfs allow} and {@code zfs unallow}. */
final class ZfsDelegating {
    private static final int HEADING = 70;
    /** The one number that no user and no group has. */
    private static final long NOBODY = 0xffff_ffffL;

    private final List<Datasets> pools;

    ZfsDelegating(List<Datasets> pools) {
        this.pools = pools;
    }

    /**
     * What one command asks for.
     *
     * @param targets none to be shown what there is
     * @param permissions none for all, which only unallow takes
     */
    record Request(String dataset, List<Target> targets, Optional<Set<String>> permissions, boolean recursive) {
        boolean shows() {
            return targets.isEmpty();
        }

        /** @throws OpException USAGE in OpenZFS' words */
        static Request parse(List<String> arguments, boolean takesAway) {
            Getopt options = Getopt.parse(arguments, takesAway ? "r l d u g e c s" : "l d u g e c s");
            refuseCombinations(options);
            List<String> words = options.operands();
            int most = options.has("e") || options.has("c") ? 2 : 3;
            int least = takesAway ? most - 1 : most;
            boolean shows = !takesAway && words.size() == 1 && options.inOrder().isEmpty();
            if (!shows && (words.size() < least || words.size() > most)) {
                throw usage("wrong number of parameters");
            }
            if (shows) {
                return new Request(words.getFirst(), List.of(), Optional.empty(), false);
            }
            Optional<Set<String>> permissions = words.size() < most
                    ? Optional.empty()
                    : Optional.of(
                            new LinkedHashSet<>(List.of(words.get(most - 2).split(","))));
            return new Request(words.getLast(), targets(options), permissions, options.has("r"));
        }

        private static void refuseCombinations(Getopt options) {
            if (Stream.of("u", "g", "e").filter(options::has).count() > 1) {
                throw usage("-u, -g, and -e are mutually exclusive");
            }
            for (String one : List.of("c", "s")) {
                if (options.has(one)
                        && Stream.of("l", "d", "u", "g", "e", "c", "s")
                                .anyMatch(other -> !other.equals(one) && options.has(other))) {
                    throw usage("invalid options combined with -" + one);
                }
            }
        }

        private static List<Target> targets(Getopt options) {
            if (options.has("c")) {
                return List.of(new Target.Maker());
            }
            String first = options.operands().getFirst();
            if (options.has("s")) {
                if (!first.startsWith("@")) {
                    throw usage("invalid set name: missing '@' prefix");
                }
                return List.of(new Target.Named(first));
            }
            List<Target> targets = new ArrayList<>();
            for (Whom whom : options.has("e") ? List.<Whom>of(new Whom.Everyone()) : whom(options, first)) {
                if (options.has("l") || !options.has("d")) {
                    targets.add(new Target.At(whom, false));
                }
                if (options.has("d") || !options.has("l")) {
                    targets.add(new Target.At(whom, true));
                }
            }
            return targets;
        }

        private static List<Whom> whom(Getopt options, String names) {
            return Stream.of(names.split(","))
                    .map(name -> whom(options, name, names))
                    .toList();
        }

        private static Whom whom(Getopt options, String name, String all) {
            boolean isSaid = options.has("u") || options.has("g");
            if (!isSaid && name.equals("everyone")) {
                return new Whom.Everyone();
            }
            boolean isNumber = isSaid && name.matches("[0-9]{1,10}") && Long.parseLong(name) < NOBODY;
            OptionalLong uid = options.has("g") ? OptionalLong.empty() : Accounts.uid(name);
            OptionalLong gid = options.has("u") ? OptionalLong.empty() : Accounts.gid(name);
            if (uid.isPresent() || options.has("u") && isNumber) {
                return new Whom.User(uid.orElseGet(() -> Long.parseLong(name)));
            } else if (gid.isPresent() || options.has("g") && isNumber) {
                return new Whom.Group(gid.orElseGet(() -> Long.parseLong(name)));
            }
            throw usage("invalid user/group " + name + (all.equals(name) ? "" : " in '" + all + "'"));
        }
    }

    private static OpException usage(String words) {
        var text = new StringBuilder("zfs: error: " + words + "\n\nThe following permissions are supported:\n\n");
        for (String kind : List.of("subcommand", "other", "property")) {
            text.append(kind).append(':');
            int column = HEADING;
            for (List<String> one : PermissionNames.all()) {
                if (one.get(1).equals(kind)) {
                    String name = one.getFirst();
                    column += name.length() + 1;
                    text.append(column > HEADING ? "\n\t" : " ").append(name);
                    column = column > HEADING ? name.length() : column;
                }
            }
            text.append('\n');
        }
        return new OpException(Code.USAGE, text.toString());
    }

    private Delegating of(String dataset) {
        Datasets datasets = ZfsSelection.of(pools, dataset);
        if (dataset.indexOf('@') >= 0) {
            throw new OpException(
                    Code.INVALID,
                    "cannot open '" + dataset + "': snapshot delimiter '@' is not expected here\n"
                            + "Failed to open dataset: " + dataset);
        }
        if (datasets.find(dataset).isEmpty()) {
            throw new OpException(
                    Code.NOT_FOUND,
                    "cannot open '" + dataset + "': dataset does not exist\nFailed to open dataset: " + dataset);
        }
        return datasets.delegating();
    }

    void allow(Session session, List<String> arguments) {
        Request request = Request.parse(arguments, false);
        Delegating delegating = of(request.dataset());
        if (request.shows()) {
            delegating.delegated(request.dataset()).forEach(one -> session.out(text(one)));
        } else {
            delegating.allow(
                    request.dataset(), request.targets(), request.permissions().orElse(Set.of()));
        }
    }

    void unallow(List<String> arguments) {
        Request request = Request.parse(arguments, true);
        of(request.dataset()).unallow(request.dataset(), request.targets(), request.permissions(), request.recursive());
    }

    // How it is shown.

    private static String text(Delegating.Delegated one) {
        String heading = "---- Permissions on " + one.dataset() + " ";
        var text = new StringBuilder(heading)
                .append("-".repeat(Math.max(0, HEADING - heading.length())))
                .append('\n');
        Permissions permissions = one.permissions();
        var sets = new TreeMap<String, String>();
        permissions.granted().forEach((target, names) -> {
            if (target instanceof Target.Named(String set)) {
                sets.put(set, joined(names));
            }
        });
        section(text, "Permission sets:", sets.entrySet().stream().map(set -> set.getKey() + " " + set.getValue()));
        Set<String> makers = permissions.of(new Target.Maker());
        section(text, "Create time permissions:", Stream.of(joined(makers)).filter(line -> !line.isEmpty()));
        people(text, "Local permissions:", permissions, reach -> reach == 1);
        people(text, "Descendent permissions:", permissions, reach -> reach == 2);
        people(text, "Local+Descendent permissions:", permissions, reach -> reach == 3);
        return text.toString();
    }

    private static void section(StringBuilder text, String heading, Stream<String> lines) {
        List<String> all = lines.toList();
        if (!all.isEmpty()) {
            text.append(heading).append('\n');
            all.forEach(line -> text.append('\t').append(line).append('\n'));
        }
    }

    private static String joined(Collection<String> names) {
        return String.join(",", new TreeSet<>(names));
    }

    /** @param meant of 1 for what is given at the dataset, 2 below, 3 for both */
    private static void people(StringBuilder text, String heading, Permissions permissions, Predicate<Integer> meant) {
        var users = new TreeMap<String, String>();
        var groups = new TreeMap<String, String>();
        var everyone = new TreeMap<String, String>();
        for (Whom whom : whoever(permissions)) {
            Set<String> at = permissions.of(new Target.At(whom, false));
            Set<String> below = permissions.of(new Target.At(whom, true));
            String names = joined(Stream.concat(at.stream(), below.stream())
                    .filter(name -> meant.test((at.contains(name) ? 1 : 0) + (below.contains(name) ? 2 : 0)))
                    .toList());
            if (!names.isEmpty()) {
                Map<String, String> lines = switch (whom) {
                    case Whom.User _ -> users;
                    case Whom.Group _ -> groups;
                    case Whom.Everyone() -> everyone;
                };
                lines.put(word(whom), names);
            }
        }
        section(
                text,
                heading,
                Stream.of(users, groups, everyone)
                        .flatMap(lines -> lines.entrySet().stream())
                        .map(line -> line.getKey() + " " + line.getValue()));
    }

    private static Set<Whom> whoever(Permissions permissions) {
        var all = new LinkedHashSet<Whom>();
        for (Target target : permissions.granted().keySet()) {
            if (target instanceof Target.At(Whom whom, boolean _)) {
                all.add(whom);
            }
        }
        return all;
    }

    private static String word(Whom whom) {
        return switch (whom) {
            case Whom.User(long uid) -> "user " + Accounts.user(uid).orElse("(unknown: " + uid + ")");
            case Whom.Group(long gid) -> "group " + Accounts.group(gid).orElse("(unknown: " + gid + ")");
            case Whom.Everyone() -> "everyone";
        };
    }
}
