package zonda.storage;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.base.Bytes;

/** Reservations as ZFS itself keeps them. */
final class OpenZfsReservations implements PoolDriver.OwnReservations {
    private final ZfsProgram zfs;
    private final String pool;
    private final OpenZfsNames names;
    private final OpenZfsSpace space;

    OpenZfsReservations(ZfsProgram zfs, String pool, OpenZfsNames names, OpenZfsSpace space) {
        this.zfs = zfs;
        this.pool = pool;
        this.names = names;
        this.space = space;
    }

    @Override
    public void set(Guid dataset, Allotment allotment) {
        zfs.check(
                "zfs",
                "set",
                "reservation=" + value(allotment.reservation()),
                "refreservation=" + value(allotment.refreservation()),
                names.require(dataset));
        space.changed();
    }

    private static String value(Optional<Bytes> size) {
        return size.map(bytes -> String.valueOf(bytes.value())).orElse("0");
    }

    @Override
    public void reconcile(Map<Guid, Allotment> expected) {
        Map<String, String> now = new HashMap<>();
        for (List<String> row : zfs.table(
                "zfs", "list", "-Hp", "-r", "-t", "filesystem,volume", "-o", "name,reservation,refreservation", pool)) {
            now.put(row.getFirst(), row.get(1) + " " + row.get(2));
        }
        expected.forEach((dataset, allotment) -> {
            String wanted = value(allotment.reservation()) + " " + value(allotment.refreservation());
            if (!wanted.equals(now.getOrDefault(names.require(dataset), wanted))) {
                set(dataset, allotment);
            }
        });
    }

    @Override
    public Bytes available(Guid dataset) {
        return space.available(names.require(dataset));
    }

    @Override
    public Bytes unfilled(Guid dataset) {
        return space.unfilled(names.require(dataset));
    }
}
