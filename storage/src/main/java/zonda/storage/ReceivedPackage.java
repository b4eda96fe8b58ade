package zonda.storage;

import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.zstream.NvList;
import zonda.zstream.SendStream;
import zonda.zstream.StreamException;
import zonda.zstream.StreamHeader;

/** Receives all snapshots of a stream, under the names and with the properties that were asked for. */
final class ReceivedPackage {
    private final Workings pool;
    private final Receiving receiving;
    private final ReceiveRequest request;
    private final ReceiveListener listener;
    /** Datasets whose properties were looked at. */
    private final Set<String> done = new HashSet<>();
    /** The snapshot that is being received. */
    private Optional<SnapshotName> at = Optional.empty();

    ReceivedPackage(Workings pool, Receiving receiving, ReceiveRequest request, ReceiveListener listener) {
        this.pool = pool;
        this.receiving = receiving;
        this.request = request;
        this.listener = listener;
    }

    void receive(InputStream in) {
        Optional<StreamHeader> header = Optional.empty();
        try (SendStream stream = SendStream.open(in)) {
            NvList list = stream.properties().orElse(NvList.EMPTY);
            header = stream.next();
            String top = topName(list, header);
            if (list.get("fromsnap").isPresent() && list.get("not_recursive").isEmpty() && request.force()) {
                new Replication(pool, list, top, name -> target(name, top)).destroyWhatIsGone(request.dryRun());
            }
            while (header.isPresent()) {
                one(stream, header.get(), list, top);
                header = stream.next();
            }
        } catch (StreamException e) {
            Optional<String> kept = saved(header, e);
            throw new OpException(e.code(), kept.isPresent() ? kept.get() : words(header, e) + e.getMessage(), e);
        }
    }

    /** What is said when what came is kept. */
    private Optional<String> saved(Optional<StreamHeader> header, StreamException e) {
        String reason = e.fault() == StreamException.Fault.CHECKSUM ? "checksum mismatch" : "incomplete stream";
        return header.filter(_ -> e.fault() != StreamException.Fault.OTHER)
                .flatMap(one -> at.flatMap(to -> pool.catalog().find(to.dataset()))
                        .flatMap(dataset -> pool.catalog().partial(dataset.guid()))
                        .map(partial -> Arrival.prefix(one) + ": " + reason
                                + ".\nPartially received snapshot is saved.\n"
                                + "A resuming stream can be generated on the sending system by running:\n"
                                + "    zfs send -t " + partial.token().text()));
    }

    /** As zfs(8) puts it; what was found comes after it. */
    private static String words(Optional<StreamHeader> header, StreamException e) {
        if (header.isEmpty()) {
            return "cannot receive: failed to read from stream\n";
        }
        return Arrival.prefix(header.get())
                + switch (e.fault()) {
                    case INCOMPLETE -> ": incomplete stream\n";
                    case CHECKSUM -> ": invalid stream (checksum mismatch)\n";
                    case OTHER -> ": ";
                };
    }

    /** The sender's name of the topmost dataset. */
    private static String topName(NvList list, Optional<StreamHeader> first) {
        return list.list("fss").members().values().stream()
                .flatMap(value -> value instanceof NvList.Value.Nested(NvList entry)
                                && entry.members().get("name") instanceof NvList.Value.Text(String name)
                        ? Stream.of(name)
                        : Stream.empty())
                .min(Comparator.comparingInt(String::length))
                .or(() -> first.map(header -> dataset(header.toName())))
                .orElse("");
    }

    private static String dataset(String snapshot) {
        int at = snapshot.indexOf('@');
        return at < 0 ? snapshot : snapshot.substring(0, at);
    }

    private void one(SendStream stream, StreamHeader header, NvList list, String top) {
        SnapshotName to = name(header, top);
        at = Optional.of(to);
        origin(to, header)
                .ifPresent(origin -> listener.origin(origin, request.origin().isPresent()));
        listener.begins(header, to.toString());
        if (isThere(to, header)) {
            stream.skip();
            listener.passedOver(to.toString());
            return;
        }
        if (request.dryRun()) {
            stream.skip();
            return;
        }
        long before = stream.offset();
        if (request.naming() == ReceiveRequest.Naming.WITHOUT_POOL) {
            makeParents(to.dataset());
        }
        boolean isNew = pool.catalog().find(to.dataset()).isEmpty();
        Map<String, String> properties = properties(entry(list, header), to.dataset());
        DatasetOptions options = DatasetOptions.DEFAULT;
        if (isNew) {
            for (var property : properties.entrySet()) {
                options = with(options, property, header);
            }
        }
        receiving.receive(new Receiving.Order(stream, to, request, options)).forEach(listener::warning);
        pool.note("receive", to.toString(), pool.catalog().require(to), "");
        if (!isNew && done.add(to.dataset().text())) {
            set(to.dataset(), properties, header);
        }
        done.add(to.dataset().text());
        listener.ended(stream.offset() - before);
    }

    /** What a clone will come of. */
    private Optional<String> origin(SnapshotName to, StreamHeader header) {
        if (!header.isIncremental() || pool.catalog().find(to.dataset()).isPresent()) {
            return Optional.empty();
        }
        return request.origin()
                .or(() -> Guid.of(header.fromGuid())
                        .filter(_ -> header.isClone())
                        .flatMap(
                                guid -> pool.catalog().byIdentity(guid).stream().findFirst())
                        .map(found -> SendPlan.name(pool.catalog(), found)));
    }

    /** In a package that is received again, what is here is passed over. */
    private boolean isThere(SnapshotName to, StreamHeader header) {
        return pool.catalog()
                .find(to)
                .filter(snapshot -> snapshot.identity().value() == header.toGuid())
                .filter(_ -> header.isIncremental())
                .isPresent();
    }

    private DatasetOptions with(DatasetOptions options, Map.Entry<String, String> property, StreamHeader header) {
        if (header.kind() == StreamHeader.Kind.VOLUME && property.getKey().indexOf(':') < 0) {
            return options;
        }
        return StreamedProperties.with(options, property.getKey(), property.getValue());
    }

    private void set(DatasetName name, Map<String, String> properties, StreamHeader header) {
        if (properties.isEmpty()) {
            return;
        }
        Filesystem old = pool.catalog().require(name);
        DatasetOptions options = old.options();
        for (var property : properties.entrySet()) {
            options = with(options, property, header);
        }
        if (options.mountpoint().equals(old.options().mountpoint())) {
            DatasetOptions wanted = options;
            new Changes(pool, new Removal(pool)).options(name, _ -> wanted);
        } else {
            listener.warning("cannot receive mountpoint property on " + name
                    + ": the dataset is there, and its mountpoint stays");
        }
    }

    /** What the dataset shall have: the stream's, but for those excluded, and those asked for. */
    private Map<String, String> properties(NvList entry, DatasetName name) {
        Map<String, String> wanted = new LinkedHashMap<>();
        List<String> unknown = new ArrayList<>();
        StreamedProperties.texts(entry.list("props")).forEach((property, value) -> {
            if (request.excluded().contains(property) || request.set().containsKey(property)) {
                return;
            }
            if (StreamedProperties.isKnown(property)) {
                wanted.put(property, value);
            } else {
                unknown.add(property);
            }
        });
        wanted.putAll(request.set());
        if (!unknown.isEmpty() && !done.contains(name.text())) {
            listener.warning("cannot receive " + unknown.stream().sorted().collect(Collectors.joining(", "))
                    + (unknown.size() == 1 ? " property" : " properties") + " on " + name
                    + ": not supported by the driver " + pool.driver().name());
        }
        return wanted;
    }

    /** What the list before the snapshots says of the dataset that a snapshot is of. */
    private static NvList entry(NvList list, StreamHeader header) {
        for (NvList.Value value : list.list("fss").members().values()) {
            if (value instanceof NvList.Value.Nested(NvList entry)
                    && entry.get("name").equals(Optional.of(NvList.text(dataset(header.toName()))))) {
                return entry;
            }
        }
        return NvList.EMPTY;
    }

    private SnapshotName name(StreamHeader header, String top) {
        String sent = dataset(header.toName());
        int at = request.target().indexOf('@');
        if (at >= 0) {
            if (request.naming() != ReceiveRequest.Naming.AS_TARGET) {
                throw new OpException(
                        Code.INVALID, "cannot receive: the target is a snapshot, and -d and -e need a dataset");
            }
            return SnapshotName.parse(request.target());
        }
        return new SnapshotName(new DatasetName(target(sent, top)), header.snapshot());
    }

    /** The name here of a sender's dataset. */
    private String target(String sent, String top) {
        String base = request.target();
        return switch (request.naming()) {
            case AS_TARGET -> base + (sent.startsWith(top) ? sent.substring(top.length()) : "");
            case WITHOUT_POOL -> base + (sent.indexOf('/') < 0 ? "" : sent.substring(sent.indexOf('/')));
            case LAST -> base + "/" + sent.substring(Math.min(sent.length(), top.lastIndexOf('/') + 1));
        };
    }

    private void makeParents(DatasetName name) {
        DatasetName parent = name.parent().orElse(name);
        if (parent.equals(name) || pool.catalog().find(parent).isPresent()) {
            return;
        }
        makeParents(parent);
        new Creation(pool, new Removal(pool)).dataset(parent, Optional.empty(), DatasetOptions.DEFAULT);
    }
}
