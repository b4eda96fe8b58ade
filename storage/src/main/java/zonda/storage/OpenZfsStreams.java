package zonda.storage;

import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Command;
import zonda.storage.NodeRecord.Frozen;
import zonda.zstream.ResumeToken;

/**
 * Streams as OpenZFS itself makes and receives them: one snapshot each, without properties, which this service has around
 * them. What is received is whole or not there; its identity here follows, and after a crash it is known by the guid that
 * its sender's has.
 */
final class OpenZfsStreams implements PoolDriver.OwnStreams {
    private final ZfsProgram zfs;
    private final String pool;
    private final OpenZfsNames names;
    private final OpenZfsSpace space;

    OpenZfsStreams(ZfsProgram zfs, String pool, OpenZfsNames names, OpenZfsSpace space) {
        this.zfs = zfs;
        this.pool = pool;
        this.names = names;
        this.space = space;
    }

    @Override
    public Map<Guid, Long> identities() {
        Map<Guid, Long> found = new HashMap<>();
        for (List<String> row :
                zfs.table("zfs", "list", "-Hp", "-r", "-t", "snapshot", "-o", "guid," + OpenZfsNames.IDENTITY, pool)) {
            String own = row.getLast();
            Guid.parse(own.substring(own.indexOf('/') + 1))
                    .ifPresent(guid -> found.put(guid, Long.parseUnsignedLong(row.getFirst())));
        }
        return found;
    }

    private List<String> words(List<String> options, SnapshotId snapshot, Optional<SnapshotId> from) {
        List<String> words = new ArrayList<>(List.of("zfs", "send"));
        words.addAll(options);
        from.ifPresent(old -> words.addAll(List.of("-i", names.require(old.snapshot()))));
        words.add(names.require(snapshot.snapshot()));
        return words;
    }

    @Override
    public void send(SnapshotId snapshot, Optional<SnapshotId> from, OutputStream out) {
        ZfsProgram.checked(zfs.pour(words(List.of(), snapshot, from), out), "send");
    }

    @Override
    public long estimate(SnapshotId snapshot, Optional<SnapshotId> from) {
        return size(zfs.check(words(List.of("-nP"), snapshot, from)));
    }

    @Override
    public void sendRest(ResumeToken token, OutputStream out) {
        ZfsProgram.checked(zfs.pour(List.of("zfs", "send", "-t", token.text()), out), "send");
    }

    @Override
    public long estimateRest(ResumeToken token) {
        return size(zfs.check("zfs", "send", "-nP", "-t", token.text()));
    }

    /** The line {@code size}, or the last field of what is sent, which is what there is for a rest. */
    private static long size(String parsable) {
        return parsable.lines()
                .filter(line ->
                        line.startsWith("size\t") || line.startsWith("full\t") || line.startsWith("incremental\t"))
                .map(line -> line.substring(line.lastIndexOf('\t') + 1))
                .filter(text -> text.matches("[0-9]{1,18}"))
                .reduce((_, last) -> last)
                .map(Long::parseLong)
                .orElse(0L);
    }

    @Override
    public void receive(Incoming what, Consumer<OutputStream> stream) {
        SnapshotId id = what.snapshot();
        String dataset = what.isNew() ? names.wanted(id.dataset()) : names.require(id.dataset());
        List<String> words = new ArrayList<>(List.of("zfs", "receive", "-u"));
        if (what.force()) {
            words.add("-F");
        }
        if (what.isNew()) {
            words.addAll(what.isVolume() ? OpenZfsDriver.WITHOUT_PARTITIONS : OpenZfsDriver.MOUNTED_BY_US);
            words.addAll(List.of("-o", OpenZfsNames.IDENTITY + "=" + id.dataset()));
            what.origin()
                    .ifPresent(origin -> words.addAll(List.of("-o", "origin=" + names.require(origin.snapshot()))));
        }
        String name = dataset + "@" + names.leaf(id.snapshot());
        words.add(name);
        ZfsProgram.checked(zfs.feed(words, stream), "receive");
        identify(id, name);
        if (what.isNew()) {
            names.put(id.dataset(), dataset);
        }
        space.renamed();
    }

    private void identify(SnapshotId id, String name) {
        zfs.check("zfs", "set", OpenZfsNames.IDENTITY + "=" + OpenZfsNames.identity(id), name);
        names.put(id.snapshot(), name);
    }

    @Override
    public VolumeShape shape(Guid volume) {
        List<String> values = zfs.check(
                        "zfs", "get", "-Hp", "-o", "value", "volsize,volblocksize", names.require(volume))
                .lines()
                .toList();
        return new VolumeShape(Bytes.of(Long.parseLong(values.getFirst())), Integer.parseInt(values.getLast()));
    }

    @Override
    public void adopt(List<Frozen> begun) {
        for (Frozen snapshot : begun) {
            Optional<Guid> streamed = snapshot.notes().streamed();
            Optional<String> name = streamed.flatMap(_ -> wanted(snapshot.guid()));
            if (name.isPresent()) {
                Command.Result asked = zfs.run("zfs", "get", "-Hp", "-o", "value", "guid", name.get());
                if (asked.succeeded()
                        && asked.out()
                                .strip()
                                .equals(Long.toUnsignedString(streamed.get().value()))) {
                    identify(snapshot.id(), name.get());
                }
            }
        }
    }

    private Optional<String> wanted(Guid snapshot) {
        try {
            return Optional.of(names.wanted(snapshot));
        } catch (OpException e) {
            if (e.code() != Code.FAILED) {
                throw e;
            }
            return Optional.empty(); // a record above it is gone, and it goes with that
        }
    }
}
