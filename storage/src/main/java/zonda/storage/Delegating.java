package zonda.storage;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.Permissions.Target;
import zonda.storage.Permissions.Whom;

/**
 * Who may do what with datasets besides root: zfs-allow(8), zfs-unallow(8). Permissions lie in the records of the datasets
 * at which they were given, so they follow these wherever they are moved, and are in no stream.
 */
public final class Delegating {
    private final Workings pool;
    private final Creation creation;

    Delegating(Workings pool, Creation creation) {
        this.pool = pool;
        this.creation = creation;
    }

    /** What was delegated at one dataset. */
    public record Delegated(String dataset, Permissions permissions) {}

    /** Gives something permissions beside those that it has. */
    public void allow(String name, List<Target> targets, Set<String> permissions) {
        change("allow", new DatasetName(name), false, old -> {
            Permissions more = old;
            for (Target target : targets) {
                more = more.with(target, permissions);
            }
            return more;
        });
    }

    /** Takes permissions, or all when none are given, away again; fine when they aren't there. */
    public void unallow(String name, List<Target> targets, Optional<Set<String>> permissions, boolean recursive) {
        change("unallow", new DatasetName(name), recursive, old -> {
            Permissions left = old;
            for (Target target : targets) {
                left = left.without(target, permissions);
            }
            return left;
        });
    }

    private void change(String verb, DatasetName name, boolean recursive, UnaryOperator<Permissions> change) {
        try (var _ = pool.claims().claim(List.of(name.text()), List.of())) {
            Filesystem top = pool.catalog().require(name);
            List<Filesystem> changed = new ArrayList<>();
            for (Filesystem one : recursive ? pool.catalog().tree(name) : List.of(top)) {
                Permissions old = one.options().permissions();
                Permissions now = change.apply(old);
                if (!now.equals(old)) {
                    changed.add(one.withOptions(one.options().permissions(now)));
                }
            }
            if (!changed.isEmpty()) {
                pool.change(verb, changed);
            }
            pool.note(verb, name.text(), top, "");
        } catch (OpException e) {
            if (e.code() != Code.INVALID) {
                throw e;
            }
            throw new OpException(e.code(), "cannot set permissions on '" + name + "': " + e.getMessage(), e);
        }
    }

    /** Of the dataset and those above it, nearest first, those at which something was delegated. */
    public List<Delegated> delegated(String name) {
        return pool.catalog().lineage(pool.catalog().require(new DatasetName(name))).stream()
                .filter(one -> !one.options().permissions().isEmpty())
                .map(one -> new Delegated(
                        pool.catalog().nameOf(one.guid()).text(), one.options().permissions()))
                .toList();
    }

    /** Makes a dataset that nobody mounts; who makes it gets there what its makers get. */
    public void create(Caller maker, String name, DatasetOptions options) {
        make(maker, new DatasetName(name), Optional.empty(), options);
    }

    /** As {@link #create}, with the content of a snapshot. */
    public void clone(Caller maker, String snapshot, String name, DatasetOptions options) {
        make(maker, new DatasetName(name), Optional.of(SnapshotName.parse(snapshot)), options);
    }

    private void make(Caller maker, DatasetName name, Optional<SnapshotName> from, DatasetOptions options) {
        Permissions own = name.parent()
                .flatMap(pool.catalog()::find)
                .map(parent -> made(maker, pool.catalog().lineage(parent)))
                .orElse(Permissions.NONE);
        Filesystem made = creation.unmounted(name, from, options.permissions(own));
        pool.note(
                from.isPresent() ? "clone" : "create",
                name.text(),
                made,
                from.map(origin -> "origin=" + origin).orElse(""));
    }

    /** Whether somebody may do something with a dataset. @throws OpException NOT_FOUND */
    public boolean may(Caller who, String name, String permission) {
        return who.isRoot() || may(who, line(new DatasetName(name)), 0, permission);
    }

    /** Whether somebody who makes a dataset right below this one may do something with it from the beginning. */
    public boolean mayBelow(Caller who, String parent, String permission) {
        List<Permissions> line = line(new DatasetName(parent));
        return who.isRoot() || may(who, line, 1, permission) || isOfMakers(line, permission);
    }

    /** What the maker of a dataset gets there, by those above it. */
    static Permissions made(Caller who, List<Filesystem> above) {
        var maker = new Target.At(new Whom.User(Integer.toUnsignedLong(who.uid())), false);
        Permissions made = Permissions.NONE;
        for (Filesystem one : above) {
            made = made.with(maker, one.options().permissions().of(new Target.Maker()));
        }
        return made;
    }

    /** Nearest first. */
    private List<Permissions> line(DatasetName name) {
        Filesystem dataset = pool.catalog()
                .find(name)
                .orElseThrow(
                        () -> new OpException(Code.NOT_FOUND, "cannot open '" + name + "': dataset does not exist"));
        return pool.catalog().lineage(dataset).stream()
                .map(one -> one.options().permissions())
                .toList();
    }

    /** @param depth how far below the first of the line it is what somebody wants to do something with */
    private static boolean may(Caller who, List<Permissions> line, int depth, String permission) {
        for (int i = 0; i < line.size(); i++) {
            for (String given : given(who, line.get(i), i + depth > 0)) {
                if (means(given, permission, line.subList(i, line.size()), new HashSet<>())) {
                    return true;
                }
            }
        }
        return false;
    }

    private static Set<String> given(Caller who, Permissions here, boolean below) {
        var given = new LinkedHashSet<String>(here.of(new Target.At(new Whom.Everyone(), below)));
        given.addAll(here.of(new Target.At(new Whom.User(Integer.toUnsignedLong(who.uid())), below)));
        for (int group : who.groups()) {
            given.addAll(here.of(new Target.At(new Whom.Group(Integer.toUnsignedLong(group)), below)));
        }
        return given;
    }

    private static boolean isOfMakers(List<Permissions> line, String permission) {
        for (int i = 0; i < line.size(); i++) {
            List<Permissions> from = line.subList(i, line.size());
            if (line.get(i).of(new Target.Maker()).stream()
                    .anyMatch(given -> means(given, permission, from, new HashSet<>()))) {
                return true;
            }
        }
        return false;
    }

    /** Whether what was given is the permission, or a set with it: as the nearest says that defines it, from there up. */
    private static boolean means(String given, String permission, List<Permissions> line, Set<String> seen) {
        if (!given.startsWith("@")) {
            return given.equals(permission);
        }
        if (!seen.add(given)) {
            return false;
        }
        var set = new Target.Named(given);
        Optional<Integer> at = Optional.empty();
        for (int i = 0; i < line.size() && at.isEmpty(); i++) {
            at = line.get(i).of(set).isEmpty() ? at : Optional.of(i);
        }
        if (at.isEmpty()) {
            return false;
        }
        List<Permissions> from = line.subList(at.get(), line.size());
        return from.getFirst().of(set).stream().anyMatch(one -> means(one, permission, from, seen));
    }
}
