package zonda.commands;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Caller;
import zonda.storage.Dataset;
import zonda.storage.Datasets;
import zonda.storage.DestroyOptions;
import zonda.storage.PermissionNames;
import zonda.storage.Permissions.Target;
import zonda.storage.Permissions.Whom;

/**
 * What of zfs(8) who isn't root may: to look at everything, as on OpenZFS, and what was delegated by {@code zfs allow}.
 * What is not let through here is refused.
 */
final class UserZfsGate {
    private static final Set<String> PROPERTIES = Set.of(
            "compression", "quota", "reservation", "refreservation", "filesystem_limit", "snapshot_limit", "volsize");
    private static final String OURS = "zonda";
    /** All of them are in the daemon's memory. */
    private static final int MOST_NOTES = 100;

    private static final int MOST_BOOKMARKS = 1000;
    private static final int LONGEST_VALUE = 8191;

    private final List<Datasets> pools;
    private final Caller who;

    UserZfsGate(List<Datasets> pools, Caller who) {
        this.pools = pools;
        this.who = who;
    }

    /** @throws OpException USAGE for what makes no sense, and else why the caller may not */
    void check(List<String> words) {
        String verb = words.getFirst();
        List<String> rest = words.subList(1, words.size());
        switch (verb) {
            case "list", "get", "holds" -> {}
            case "allow" -> allow(ZfsDelegating.Request.parse(rest, false));
            case "unallow" -> unallow(ZfsDelegating.Request.parse(rest, true));
            case "create" -> create(Getopt.parse(rest, ZfsChanging.CREATE));
            case "clone" -> copy(Getopt.parse(rest, ZfsChanging.COPY));
            case "destroy" -> destroy(Getopt.parse(rest, ZfsDestroying.OPTIONS));
            case "snapshot", "snap" -> snapshot(Getopt.parse(rest, ZfsSnapshots.SNAPSHOT));
            case "rollback" -> rollback(Getopt.parse(rest, ZfsChanging.ROLLBACK));
            case "promote" -> promote(Getopt.parse(rest, ""));
            case "rename" -> rename(Getopt.parse(rest, ZfsChanging.RENAME));
            case "bookmark" -> bookmark(Getopt.parse(rest, ""));
            case "hold" -> holding("hold", "cannot hold", Getopt.parse(rest, ZfsSnapshots.HOLD));
            case "release" -> holding("release", "cannot release hold", Getopt.parse(rest, ZfsSnapshots.HOLD));
            case "set" -> set(Getopt.parse(rest, ""));
            case "inherit" -> inherit(Getopt.parse(rest, ZfsChanging.INHERIT));
            case "send" -> send(Getopt.parse(rest, ZfsSending.OPTIONS));
            case "diff" -> diff(Getopt.parse(rest, ZfsDiff.OPTIONS));
            case "mount" -> mount(Getopt.parse(rest, ZfsChanging.MOUNT));
            default -> throw denied("cannot " + verb);
        }
    }

    private static OpException denied(String what) {
        return new OpException(Code.DENIED, what + ": permission denied");
    }

    // Names.

    private Datasets of(String name) {
        return ZfsSelection.of(pools, name);
    }

    private static String datasetOf(String name) {
        return name.split("[@#]", 2)[0];
    }

    private boolean may(String name, String permission) {
        String dataset = datasetOf(name);
        return of(dataset).delegating().may(who, dataset, permission);
    }

    /** @throws OpException NOT_FOUND when there is no such dataset, DENIED in the words given when one is missing */
    private void require(String name, String refusal, String... permissions) {
        for (String permission : permissions) {
            if (!may(name, permission)) {
                throw denied(refusal);
            }
        }
    }

    private List<String> tree(String name, boolean recursive) {
        String dataset = datasetOf(name);
        return recursive ? of(dataset).list(dataset).stream().map(Dataset::name).toList() : List.of(dataset);
    }

    /** The nearest dataset above a name that is there. @throws OpException DENIED when there can be none */
    private String above(String name, String refusal) {
        String parent = name;
        do {
            int slash = parent.lastIndexOf('/');
            if (slash <= 0) {
                throw denied(refusal);
            }
            parent = parent.substring(0, slash);
        } while (of(parent).find(parent).isEmpty());
        return parent;
    }

    /** Where a dataset of this name is to come to be, as far as it is there. @param parents whether those missing are made */
    private String place(String name, boolean parents, String refusal) {
        String parent = above(name, refusal);
        boolean isNext = name.lastIndexOf('/') == parent.length();
        if (!isNext && !parents) {
            throw new OpException(Code.NOT_FOUND, refusal + ": parent does not exist");
        }
        require(parent, refusal, PermissionNames.CREATE, PermissionNames.MOUNT);
        if (!isNext) {
            requireNew(parent, PermissionNames.CREATE, refusal);
            requireNew(parent, PermissionNames.MOUNT, refusal);
        }
        return parent;
    }

    private void requireNew(String parent, String permission, String refusal) {
        if (!of(parent).delegating().mayBelow(who, parent, permission)) {
            throw denied(refusal);
        }
    }

    private static void operands(Getopt options, int skipped, Consumer<String> each) {
        options.operands().stream().skip(skipped).forEach(each);
    }

    // Properties.

    /** The permission that changing a property takes. @throws OpException DENIED for what is root's in any case */
    private static String permission(String property, String refusal) {
        boolean isUser = property.indexOf(':') >= 0;
        if (isUser ? property.startsWith(OURS) : !PROPERTIES.contains(property)) {
            throw denied(refusal);
        }
        return isUser ? PermissionNames.USERPROP : property;
    }

    private static String property(String assignment) {
        ZfsChanging.Assignment set = ZfsChanging.Assignment.parse(assignment);
        if (set.value().length() > LONGEST_VALUE) {
            throw new OpException(Code.INVALID, "'" + set.property() + "': at most " + LONGEST_VALUE + " characters");
        }
        return set.property();
    }

    private void requireRoom(String name, String refusal) {
        int notes = name.indexOf('@') < 0
                ? of(name).find(name).map(one -> one.properties().size()).orElse(0)
                : of(name).findSnapshot(name)
                        .map(one -> one.holds().size() + one.properties().size())
                        .orElse(0);
        if (notes >= MOST_NOTES) {
            throw new OpException(
                    Code.FAILED, refusal + ": it has " + MOST_NOTES + " properties or holds, which is the most");
        }
    }

    // Verbs.

    private void allow(ZfsDelegating.Request request) {
        if (request.shows()) {
            return;
        }
        String refusal = "cannot set permissions on '" + request.dataset() + "'";
        requireKnown(request.dataset());
        require(request.dataset(), refusal, PermissionNames.ALLOW);
        for (String given : request.permissions().orElse(Set.of())) {
            // Who was let in lets others in with what is his own, but not to let in others.
            if (given.equals(PermissionNames.ALLOW) || !may(request.dataset(), given)) {
                throw denied(refusal);
            }
        }
        if (!request.targets().stream().allMatch(Target.At.class::isInstance)) {
            throw denied(refusal);
        }
    }

    private void unallow(ZfsDelegating.Request request) {
        String refusal = "cannot set permissions on '" + request.dataset() + "'";
        requireKnown(request.dataset());
        require(request.dataset(), refusal, PermissionNames.ALLOW);
        var self = new Whom.User(Integer.toUnsignedLong(who.uid()));
        if (request.recursive()
                || !request.targets().stream()
                        .allMatch(target -> target instanceof Target.At(Whom whom, boolean _) && whom.equals(self))) {
            throw denied(refusal);
        }
    }

    /** The tool itself says what is wrong with a name. */
    private void requireKnown(String dataset) {
        if (dataset.indexOf('@') < 0 && of(dataset).find(dataset).isEmpty()) {
            throw new OpException(
                    Code.NOT_FOUND,
                    "cannot open '" + dataset + "': dataset does not exist\nFailed to open dataset: " + dataset);
        }
    }

    private void create(Getopt options) {
        operands(options, 0, name -> {
            String refusal = "cannot create '" + name + "'";
            String parent = place(name, options.has("p"), refusal);
            properties(options, parent, refusal);
            boolean reserves = options.has("V")
                    && !options.has("s")
                    && options.values("o").stream()
                            .map(UserZfsGate::property)
                            .noneMatch(set -> set.equals("refreservation") || set.equals("reservation"));
            if (reserves) {
                requireNew(parent, "refreservation", refusal);
            }
        });
    }

    private void properties(Getopt options, String parent, String refusal) {
        if (options.values("o").size() > MOST_NOTES) {
            throw new OpException(Code.INVALID, refusal + ": at most " + MOST_NOTES + " properties");
        }
        options.values("o").forEach(one -> requireNew(parent, permission(property(one), refusal), refusal));
    }

    private void copy(Getopt options) {
        operands(options, 1, name -> {
            String refusal = "cannot create '" + name + "'";
            require(options.operands().getFirst(), refusal, "clone");
            properties(options, place(name, options.has("p"), refusal), refusal);
        });
    }

    private void destroy(Getopt options) {
        operands(options, 0, name -> {
            boolean isSnapshot = name.indexOf('@') >= 0;
            String refusal = isSnapshot ? "cannot destroy snapshots" : "cannot destroy '" + name + "'";
            var how = new DestroyOptions(options.has("r"), options.has("R"), options.has("d"));
            if (options.has("n")) {
                return;
            }
            require(name, refusal, PermissionNames.MOUNT, PermissionNames.DESTROY);
            if (name.indexOf('#') < 0) {
                of(name).wouldDestroy(name, how)
                        .forEach(one -> require(one, refusal, PermissionNames.MOUNT, PermissionNames.DESTROY));
            }
        });
    }

    private void snapshot(Getopt options) {
        String refusal = "cannot create snapshots ";
        if (options.values("o").size() > MOST_NOTES) {
            throw new OpException(Code.INVALID, "cannot create snapshots: at most " + MOST_NOTES + " properties");
        }
        operands(
                options,
                0,
                name -> tree(name, options.has("r")).forEach(dataset -> {
                    require(dataset, refusal, "snapshot");
                    options.values("o").forEach(one -> require(dataset, refusal, permission(property(one), refusal)));
                }));
    }

    private void rollback(Getopt options) {
        operands(options, 0, name -> {
            String refusal = "cannot rollback '" + datasetOf(name) + "'";
            require(name, refusal, "rollback");
            if (options.has("r")) {
                require(name, refusal, PermissionNames.MOUNT, PermissionNames.DESTROY);
            }
            if (options.has("R")) {
                throw denied(refusal);
            }
        });
    }

    private void promote(Getopt options) {
        operands(options, 0, name -> {
            String refusal = "cannot promote '" + name + "'";
            require(name, refusal, "promote");
            Optional<String> origin = of(name).find(name).flatMap(Dataset::origin);
            origin.ifPresent(one -> require(one, refusal, "promote", PermissionNames.MOUNT));
        });
    }

    private void rename(Getopt options) {
        List<String> names = options.operands();
        if (names.size() != 2) {
            return;
        }
        String from = names.getFirst();
        String refusal = "cannot rename '" + from + "'";
        for (String dataset : tree(from, options.has("r"))) {
            require(dataset, refusal, "rename", PermissionNames.MOUNT);
            if (from.indexOf('@') >= 0) {
                require(dataset, refusal, PermissionNames.CREATE);
            }
        }
        if (from.indexOf('@') < 0) {
            place(names.get(1), options.has("p"), refusal);
        }
    }

    private void bookmark(Getopt options) {
        if (options.operands().size() != 2) {
            return;
        }
        String source = options.operands().getFirst();
        String given = options.operands().get(1);
        String bookmark = given.startsWith("#") ? datasetOf(source) + given : given;
        String refusal = "cannot create bookmark '" + bookmark + "'";
        require(bookmark, refusal, "bookmark");
        if (of(bookmark).bookmarks(datasetOf(bookmark)).size() >= MOST_BOOKMARKS) {
            throw new OpException(Code.FAILED, refusal + ": there are " + MOST_BOOKMARKS + ", which is the most");
        }
    }

    private void holding(String permission, String refusal, Getopt options) {
        operands(options, 1, name -> {
            tree(name, options.has("r")).forEach(dataset -> require(dataset, refusal, permission));
            if (permission.equals("hold")) {
                requireRoom(name, refusal);
            }
        });
    }

    private void set(Getopt options) {
        List<String> assignments = options.operands().stream()
                .filter(word -> word.indexOf('=') > 0)
                .toList();
        options.operands().stream().filter(word -> word.indexOf('=') <= 0).forEach(name -> {
            String refusal = "cannot set property for '" + name + "'";
            assignments.forEach(one -> require(name, refusal, permission(property(one), refusal)));
            requireRoom(name, refusal);
        });
    }

    private void inherit(Getopt options) {
        operands(options, 1, name -> {
            String property = ZfsPropertyNames.of(options.operands().getFirst());
            String refusal = "cannot inherit " + property + " for '" + name + "'";
            tree(name, options.has("r")).forEach(dataset -> require(dataset, refusal, permission(property, refusal)));
        });
    }

    /** A token says itself what it is of, so it is root's to send by it. */
    private void send(Getopt options) {
        if (options.has("t")) {
            throw denied("cannot send");
        }
        operands(
                options,
                0,
                name -> tree(name, options.has("R"))
                        .forEach(dataset -> require(dataset, "warning: cannot send '" + name + "'", "send")));
    }

    /** The names of files, whoever may see these. */
    private void diff(Getopt options) {
        ZfsDiff.Request request = ZfsDiff.Request.parse(options.operands());
        require(request.from(), "Unable to obtain diffs", "diff");
        require(request.to(), "Unable to obtain diffs", "diff");
    }

    /** Who isn't root can't mount on Linux, but see what is mounted. */
    private static void mount(Getopt options) {
        if (options.has("a") || !options.operands().isEmpty()) {
            throw denied("cannot mount"
                    + options.operands().stream()
                            .findFirst()
                            .map(name -> " '" + name + "'")
                            .orElse(""));
        }
    }
}
