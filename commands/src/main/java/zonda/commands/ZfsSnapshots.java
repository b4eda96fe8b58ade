package zonda.commands;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Dataset;
import zonda.storage.Datasets;

/** The verbs of zfs(8) that are about snapshots: snapshot, hold, release, holds, bookmark, and their renaming. */
final class ZfsSnapshots {
    static final String SNAPSHOT = "r o=";
    static final String HOLD = "r";

    private final Datasets datasets;

    ZfsSnapshots(Datasets datasets) {
        this.datasets = datasets;
    }

    void snapshot(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, SNAPSHOT);
        if (options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "missing snapshot argument");
        }
        Map<String, String> properties = new LinkedHashMap<>();
        for (String assignment : options.values("o")) {
            var set = ZfsChanging.Assignment.parse(assignment);
            properties.put(set.property(), set.value());
        }
        List<String> names = new ArrayList<>();
        for (String name : options.operands()) {
            int at = name.indexOf('@');
            if (at <= 0) {
                throw new OpException(
                        Code.USAGE, "cannot create snapshot '" + name + "': missing '@' delimiter in snapshot name");
            }
            within(name.substring(0, at), options.has("r")).forEach(dataset -> names.add(dataset + name.substring(at)));
        }
        try {
            datasets.snapshots(names, properties);
        } catch (OpException e) {
            throw new OpException(e.code(), e.getMessage() + "\nno snapshots were created", e);
        }
    }

    /** A dataset, or it and all below it. */
    private List<String> within(String name, boolean recursive) {
        List<Dataset> all = datasets.list(name);
        if (all.isEmpty()) {
            throw new OpException(Code.NOT_FOUND, "cannot open '" + name + "': dataset does not exist");
        }
        return (recursive ? all : all.subList(0, 1)).stream().map(Dataset::name).toList();
    }

    /** Snapshots of a name, with -r also those that have it of the datasets below. */
    private List<String> meant(List<String> names, boolean recursive) {
        List<String> all = new ArrayList<>();
        for (String name : names) {
            int at = name.indexOf('@');
            if (at < 0) {
                throw new OpException(Code.INVALID, "'" + name + "' is not a snapshot");
            }
            String snapshot = name.substring(at);
            List<String> found = within(name.substring(0, at), recursive).stream()
                    .map(dataset -> dataset + snapshot)
                    .filter(one -> !recursive || datasets.findSnapshot(one).isPresent())
                    .toList();
            all.addAll(found.isEmpty() ? List.of(name) : found);
        }
        return all;
    }

    private static List<String> behindTag(Getopt options) {
        if (options.operands().size() < 2) {
            throw new OpException(
                    Code.USAGE, "missing " + (options.operands().isEmpty() ? "tag" : "snapshot") + " argument");
        }
        if (options.operands().getFirst().startsWith(".")) {
            throw new OpException(Code.USAGE, "tag may not start with '.'");
        }
        return options.operands().subList(1, options.operands().size());
    }

    void hold(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, HOLD);
        List<String> names = behindTag(options);
        datasets.hold(options.operands().getFirst(), meant(names, options.has("r")));
    }

    void release(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, HOLD);
        List<String> names = behindTag(options);
        String tag = options.operands().getFirst();
        List<String> all = meant(names, options.has("r"));
        List<String> held = all.stream()
                .filter(name -> datasets.findSnapshot(name)
                        .filter(snapshot -> snapshot.holds().containsKey(tag))
                        .isPresent())
                .toList();
        datasets.release(tag, options.has("r") && !held.isEmpty() ? held : all);
    }

    void holds(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "r H p");
        if (options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "missing snapshot argument");
        }
        List<List<String>> rows = new ArrayList<>();
        for (String name : meant(options.operands(), options.has("r"))) {
            var snapshot = datasets.findSnapshot(name)
                    .orElseThrow(() ->
                            new OpException(Code.NOT_FOUND, "cannot open '" + name + "': dataset does not exist"));
            new TreeMap<>(snapshot.holds())
                    .forEach((tag, since) -> rows.add(List.of(
                            name,
                            tag,
                            options.has("p") ? String.valueOf(since.getEpochSecond()) : ZfsColumns.time(since))));
        }
        if (options.has("H")) {
            session.out(ZfsColumns.tabbed(rows));
            return;
        }
        rows.addFirst(List.of("NAME", "TAG", "TIMESTAMP"));
        session.out(ZfsColumns.table(rows, List.of(false, false, false)));
    }

    void bookmark(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "");
        List<String> words = options.operands();
        if (words.size() != 2) {
            throw new OpException(
                    Code.USAGE,
                    words.isEmpty()
                            ? "missing source argument"
                            : words.size() == 1 ? "missing bookmark argument" : "too many arguments");
        }
        String source = words.getFirst();
        String bookmark = words.get(1);
        if (source.indexOf('@') < 0 && source.indexOf('#') < 0) {
            throw new OpException(Code.USAGE, "invalid source name '" + source + "': must contain a '@' or '#'");
        }
        if (bookmark.indexOf('#') < 0) {
            throw new OpException(Code.USAGE, "invalid bookmark name '" + bookmark + "': must contain a '#'");
        }
        if (source.startsWith("@") || source.startsWith("#")) {
            source = bookmark.substring(0, bookmark.indexOf('#')) + source;
        }
        if (bookmark.startsWith("#")) {
            bookmark = source.split("[@#]", 2)[0] + bookmark;
        }
        datasets.bookmark(source, bookmark);
    }

    /** @param to the full name, or the part behind {@code @}, with or without it */
    void rename(String from, String to, boolean recursive) {
        int at = to.indexOf('@');
        String dataset = from.substring(0, from.indexOf('@'));
        if (at > 0 && !to.substring(0, at).equals(dataset)) {
            throw new OpException(
                    Code.INVALID, "cannot rename to '" + to + "': snapshots must be part of same dataset");
        }
        if (datasets.findSnapshot(from).isEmpty()) {
            throw new OpException(Code.NOT_FOUND, "cannot open '" + from + "': dataset does not exist");
        }
        datasets.renameSnapshots(meant(List.of(from), recursive), to.substring(at + 1));
    }
}
