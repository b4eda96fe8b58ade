package zonda.storage;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.zstream.NvList;
import zonda.zstream.ResumeToken;

/**
 * Which snapshots a stream has, in which order, and what the list before them says.
 *
 * @param request what was asked for
 * @param tops the datasets it is about, each after the one that it is a clone of
 * @param parts in the order of the stream
 */
record SendPlan(SendRequest request, List<Filesystem> tops, List<Part> parts) {
    /** One snapshot with what it is incremental to. */
    record Part(Frozen snapshot, Optional<Frozen> from) {}

    SendPlan {
        tops = List.copyOf(tops);
        parts = List.copyOf(parts);
    }

    /** @throws OpException NOT_FOUND, or INVALID when the one is not older than the other, in the words of zfs(8) */
    static SendPlan of(Catalog catalog, SendRequest request) {
        SendPlan whole = whole(catalog, request);
        return new SendPlan(
                request,
                whole.tops,
                whole.parts.stream()
                        .filter(part -> !request.there()
                                .contains(part.snapshot().identity().value()))
                        .toList());
    }

    private static SendPlan whole(Catalog catalog, SendRequest request) {
        if (request.rest().isPresent()) {
            return rest(catalog, request, request.rest().get());
        }
        SnapshotName to = SnapshotName.parse(request.to());
        Frozen last = catalog.require(to);
        Optional<Frozen> from = request.from().map(name -> source(catalog, name));
        from.ifPresent(first -> requireEarlier(catalog, first, last, request.to()));
        if (!request.below()) {
            return new SendPlan(
                    request, List.of(catalog.require(to.dataset())), parts(catalog, last, from, request.between()));
        }
        List<Filesystem> datasets = ordered(catalog, tree(catalog, request, to));
        var all = new ArrayList<Part>();
        for (Filesystem dataset : datasets) {
            SnapshotName own = new SnapshotName(catalog.nameOf(dataset.guid()), to.snapshot());
            Frozen end = catalog.find(own)
                    .orElseThrow(() -> new OpException(
                            Code.NOT_FOUND,
                            "cannot send " + own + " recursively: snapshot " + own + " does not exist"));
            Optional<Frozen> begin = from.flatMap(first -> catalog.find(new SnapshotName(own.dataset(), first.name())));
            boolean between = begin.isEmpty() || request.between();
            all.addAll(parts(catalog, end, begin.or(() -> origin(catalog, dataset)), between));
        }
        return new SendPlan(request, datasets, all);
    }

    private static List<Filesystem> tree(Catalog catalog, SendRequest request, SnapshotName to) {
        List<Filesystem> all = catalog.tree(to.dataset());
        if (!request.skipsMissing()) {
            return all;
        }
        var sent = new LinkedHashMap<Guid, Filesystem>();
        for (Filesystem one : all) {
            DatasetName name = catalog.nameOf(one.guid());
            boolean isBelow = name.equals(to.dataset())
                    || one.parent().filter(sent::containsKey).isPresent();
            if (isBelow && catalog.find(new SnapshotName(name, to.snapshot())).isPresent()) {
                sent.put(one.guid(), one);
            }
        }
        return List.copyOf(sent.values());
    }

    /** Snapshots are known by their guids: they may have got other names meanwhile. */
    private static SendPlan rest(Catalog catalog, SendRequest request, ResumeToken token) {
        Frozen last = identified(catalog, token.toGuid(), token.toName())
                .orElseThrow(() -> new OpException(
                        Code.NOT_FOUND,
                        "cannot resume send: '" + token.toName() + "' "
                                + (isThere(catalog, token.toName())
                                        ? "is no longer the same snapshot used in the initial send"
                                        : "used in the initial send no longer exists")));
        Optional<Frozen> from = Optional.empty();
        if (token.fromGuid() != 0) {
            from = Optional.of(identified(catalog, token.fromGuid(), name(catalog, last))
                    .orElseThrow(() -> new OpException(
                            Code.NOT_FOUND,
                            "cannot resume send: incremental source 0x" + Long.toHexString(token.fromGuid())
                                    + " no longer exists")));
        }
        Filesystem top = catalog.dataset(last.dataset()).orElseThrow();
        return new SendPlan(request, List.of(top), List.of(new Part(last, from)));
    }

    /** Of several with one identity, which a pool has when a stream came twice: that in the dataset of this name. */
    private static Optional<Frozen> identified(Catalog catalog, long guid, String near) {
        String dataset = near.substring(0, Math.max(0, near.indexOf('@')));
        List<Frozen> all = Guid.of(guid).map(catalog::byIdentity).orElse(List.of());
        return all.stream()
                .filter(one -> catalog.nameOf(one.dataset()).text().equals(dataset))
                .findFirst()
                .or(() -> all.stream().findFirst());
    }

    private static boolean isThere(Catalog catalog, String name) {
        try {
            return catalog.find(SnapshotName.parse(name)).isPresent();
        } catch (OpException e) {
            return false; // another pool's rules for names are not ours
        }
    }

    private static Optional<Frozen> origin(Catalog catalog, Filesystem dataset) {
        return dataset.origin().flatMap(catalog::snapshot);
    }

    private static Frozen source(Catalog catalog, String name) {
        if (name.indexOf('#') >= 0) {
            int hash = name.indexOf('#');
            if (catalog.find(new DatasetName(name.substring(0, hash)))
                    .flatMap(of -> catalog.bookmark(of.guid(), name.substring(hash + 1)))
                    .isEmpty()) {
                throw new OpException(Code.NOT_FOUND, "cannot open '" + name + "': dataset does not exist");
            }
            throw new OpException(
                    Code.NOT_SUPPORTED,
                    "cannot send from bookmark '" + name + "': a stream needs the snapshot itself; keep it"
                            + " and send from that");
        }
        return catalog.require(SnapshotName.parse(name));
    }

    /** The one must be older, of the same dataset or of one that it came of by cloning. */
    private static void requireEarlier(Catalog catalog, Frozen first, Frozen last, String to) {
        Optional<Frozen> at = Optional.of(last);
        while (at.isPresent()) {
            Frozen upper = at.get();
            if (first.dataset().equals(upper.dataset())) {
                List<Frozen> own = catalog.snapshots(upper.dataset());
                boolean isUpper = !upper.equals(last) && first.equals(upper);
                if (isUpper || own.indexOf(first) < own.indexOf(upper)) {
                    return;
                }
                break;
            }
            at = catalog.dataset(upper.dataset()).flatMap(Filesystem::origin).flatMap(catalog::snapshot);
        }
        throw new OpException(
                Code.INVALID, "warning: cannot send '" + to + "': not an earlier snapshot from the same fs");
    }

    /** From the one to the other, step by step if those between are wanted; all that a dataset has without the one. */
    private static List<Part> parts(Catalog catalog, Frozen last, Optional<Frozen> from, boolean between) {
        if (!between) {
            return List.of(new Part(last, from));
        }
        List<Frozen> own = catalog.snapshots(last.dataset());
        int begin = from.map(own::indexOf).orElse(-1) + 1;
        var parts = new ArrayList<Part>();
        Optional<Frozen> before = from;
        for (Frozen one : own.subList(begin, own.indexOf(last) + 1)) {
            parts.add(new Part(one, before));
            before = Optional.of(one);
        }
        return parts;
    }

    /** Each after its parent, and after the dataset that it is a clone of if that is among them. */
    private static List<Filesystem> ordered(Catalog catalog, List<Filesystem> datasets) {
        Map<Guid, Filesystem> left = new LinkedHashMap<>();
        datasets.forEach(one -> left.put(one.guid(), one));
        var ordered = new ArrayList<Filesystem>();
        while (!left.isEmpty()) {
            Filesystem next = left.values().stream()
                    .filter(one -> one.parent().filter(left::containsKey).isEmpty()
                            && origin(catalog, one)
                                    .map(Frozen::dataset)
                                    .filter(left::containsKey)
                                    .isEmpty())
                    .findFirst()
                    // A clone that lies above its origin: its parent decides.
                    .orElseGet(() -> left.values().iterator().next());
            left.remove(next.guid());
            ordered.add(next);
        }
        return ordered;
    }

    SendPart view(Catalog catalog, Part part) {
        return new SendPart(name(catalog, part.snapshot()), part.from().map(from -> name(catalog, from)));
    }

    static String name(Catalog catalog, Frozen snapshot) {
        return catalog.nameOf(snapshot.dataset()) + "@" + snapshot.name();
    }

    /** What precedes the snapshots, as libzfs reads it. */
    NvList list(Catalog catalog) {
        SnapshotName to = SnapshotName.parse(request.to());
        NvList list = NvList.EMPTY;
        if (request.from().isPresent()) {
            String from = request.from().get();
            list = list.with("fromsnap", NvList.text(from.substring(from.indexOf('@') + 1)));
        }
        list = list.with("tosnap", NvList.text(to.snapshot()));
        if (!request.below()) {
            list = list.with("not_recursive", new NvList.Value.Flag());
        }
        NvList datasets = NvList.EMPTY;
        for (Filesystem dataset : tops) {
            datasets = datasets.with(
                    "0x" + Long.toHexString(dataset.guid().value()), NvList.nested(entry(catalog, dataset)));
        }
        return list.with("fss", NvList.nested(datasets));
    }

    private NvList entry(Catalog catalog, Filesystem dataset) {
        String from = request.from()
                .map(name -> name.substring(name.indexOf('@') + 1))
                .orElse("");
        long parentFrom = dataset.parent()
                .filter(parent -> tops.stream().anyMatch(top -> top.guid().equals(parent)))
                .flatMap(parent -> catalog.snapshots(parent).stream()
                        .filter(one -> one.name().equals(from))
                        .findFirst())
                .map(one -> one.identity().value())
                .orElse(0L);
        NvList snapshots = NvList.EMPTY;
        NvList properties = NvList.EMPTY;
        for (Frozen one : catalog.snapshots(dataset.guid())) {
            snapshots = snapshots.with(one.name(), NvList.number(one.identity().value()));
            properties =
                    properties.with(one.name(), NvList.nested(texts(one.notes().properties())));
        }
        NvList entry = NvList.EMPTY
                .with("name", NvList.text(catalog.nameOf(dataset.guid()).text()))
                .with("parentfromsnap", NvList.number(parentFrom));
        Optional<Frozen> origin = origin(catalog, dataset);
        if (origin.isPresent()) {
            entry = entry.with("origin", NvList.number(origin.get().identity().value()));
        }
        if (request.properties() || request.below()) {
            entry = entry.with("props", NvList.nested(StreamedProperties.of(dataset)));
        }
        return entry.with("snaps", NvList.nested(snapshots)).with("snapprops", NvList.nested(properties));
    }

    private static NvList texts(Map<String, String> values) {
        NvList list = NvList.EMPTY;
        for (var one : new java.util.TreeMap<>(values).entrySet()) {
            list = list.with(one.getKey(), NvList.text(one.getValue()));
        }
        return list;
    }
}
