package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;

class NodeRecordTest {
    private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.678Z");

    @Test
    void a_record_is_read_as_it_was_written() {
        var full = new NodeRecord.Filesystem(
                new Guid(0x0123_4567_89ab_cdefL),
                Optional.of(new Guid(-2)),
                "leaf",
                TIME,
                17,
                Optional.of(new Guid(7)),
                new DatasetOptions(
                        Optional.of(Bytes.ofGiB(10)),
                        new Mountpoint.At(Path.of("/some where")),
                        OptionalInt.of(0700),
                        Map.of("a:b", "\"c\"\n", "x:y", ""),
                        Optional.empty(),
                        new Allotment(
                                Optional.of(Bytes.ofGiB(2)),
                                Optional.of(Bytes.ofMiB(3)),
                                OptionalLong.of(0),
                                OptionalLong.of(4)),
                        new Tuning(Optional.of("lz4"), OptionalInt.of(16_384)),
                        new Permissions(Map.of(
                                new Permissions.Target.At(new Permissions.Whom.User(4_294_967_294L), true),
                                Set.of("send", "@x"),
                                new Permissions.Target.At(new Permissions.Whom.Group(0), false),
                                Set.of("hold"),
                                new Permissions.Target.At(new Permissions.Whom.Everyone(), true),
                                Set.of("quota"),
                                new Permissions.Target.Maker(),
                                Set.of("destroy"),
                                new Permissions.Target.Named("@x"),
                                Set.of("allow")))));
        var root = new NodeRecord.Filesystem(
                new Guid(1), Optional.empty(), "tank", TIME, 1, Optional.empty(), DatasetOptions.DEFAULT);
        var nowhere = root.withOptions(DatasetOptions.DEFAULT.mountpoint(new Mountpoint.None()));
        var volume = root.withOptions(DatasetOptions.DEFAULT.volume(new VolumeShape(Bytes.ofGiB(1), 4096)));
        var snapshot = NodeRecord.Frozen.of(new Guid(9), SnapshotName.parse("tank@final"), root, TIME, 2);
        var noted = snapshot.of(new Guid(3))
                .withNotes(SnapshotNotes.NONE.held("tag", TIME).goingLater().withProperties(Map.of("a:b", "\u00e9")));
        var bookmark = new NodeRecord.Mark(new Guid(5), new Guid(1), "mark", new Guid(9), TIME, 2);

        for (NodeRecord record : new NodeRecord[] {full, root, nowhere, volume, snapshot, noted, bookmark}) {
            assertThat(NodeRecord.parse(record.toJson().pretty())).hasValue(record);
            assertThat(NodeRecord.parse(record.toJson().compact())).hasValue(record);
        }
    }

    @Test
    void what_is_cut_short_or_foreign_is_no_record() {
        String text = new NodeRecord.Frozen(new Guid(9), new Guid(1), new Guid(1), "final", TIME, 3, SnapshotNotes.NONE)
                .toJson()
                .compact();
        for (int length = 0; length < text.length(); length++) {
            assertThat(NodeRecord.parse(text.substring(0, length))).isEmpty();
        }
        assertThat(NodeRecord.parse(text.replace("snapshot", "volume"))).isEmpty();
        assertThat(NodeRecord.parse(text.replace("final", "final\u0000").replace("0009", "000g")))
                .isEmpty();
        assertThat(NodeRecord.parse("[]")).isEmpty();
    }
}
