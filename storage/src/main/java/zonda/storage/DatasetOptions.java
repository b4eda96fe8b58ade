package zonda.storage;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * What a new dataset shall be.
 *
 * @param quota the most that it, its snapshots and the datasets below it may use together
 * @param mode permission bits of its top directory, such as 0700 for a zonepath; empty leaves 0755, or a clone's own
 * @param properties user properties: names with a colon, zfsprops(7)
 * @param volume when it is one
 * @param allotment what it is given beside the quota
 * @param tuning how its data are stored
 * @param permissions what root let others do with it
 */
public record DatasetOptions(
        Optional<Bytes> quota,
        Mountpoint mountpoint,
        OptionalInt mode,
        Map<String, String> properties,
        Optional<VolumeShape> volume,
        Allotment allotment,
        Tuning tuning,
        Permissions permissions) {
    /** No quota, mounted below its parent, no properties. */
    public static final DatasetOptions DEFAULT = new DatasetOptions(
            Optional.empty(),
            new Mountpoint.Inherited(),
            OptionalInt.empty(),
            Map.of(),
            Optional.empty(),
            Allotment.NONE,
            Tuning.NONE,
            Permissions.NONE);

    public DatasetOptions {
        properties = Map.copyOf(properties);
        properties.keySet().forEach(DatasetOptions::requireUserProperty);
        quota.ifPresent(DatasetOptions::requireQuota);
        if (volume.isPresent() && (quota.isPresent() || !(mountpoint instanceof Mountpoint.Inherited))) {
            throw new OpException(
                    Code.INVALID,
                    "'" + (quota.isPresent() ? "quota" : "mountpoint") + "' does not apply to datasets of this type");
        }
        if (volume.isPresent() && allotment.filesystems().isPresent()) {
            throw new OpException(Code.INVALID, "'filesystem_limit' does not apply to datasets of this type");
        }
        if (mode.isPresent() && (mode.getAsInt() & ~0777) != 0) {
            throw new OpException(Code.INVALID, "mode " + Integer.toOctalString(mode.getAsInt()) + ": at most 777");
        }
    }

    static void requireUserProperty(String name) {
        if (!name.matches("[a-z0-9:._-]{1,256}") || name.indexOf(':') < 0) {
            throw new OpException(
                    Code.INVALID, "'" + name + "': a user property has a colon in its name and no upper case");
        }
    }

    static void requireQuota(Bytes quota) {
        if (quota.value() == 0) {
            throw new OpException(Code.INVALID, "quota: must be more than 0; leave it out for none");
        }
    }

    public DatasetOptions quota(Bytes limit) {
        return new DatasetOptions(
                Optional.of(limit), mountpoint, mode, properties, volume, allotment, tuning, permissions);
    }

    DatasetOptions withQuota(Optional<Bytes> limit) {
        return new DatasetOptions(limit, mountpoint, mode, properties, volume, allotment, tuning, permissions);
    }

    DatasetOptions withProperties(Map<String, String> changed) {
        return new DatasetOptions(quota, mountpoint, mode, changed, volume, allotment, tuning, permissions);
    }

    public DatasetOptions mountpoint(Mountpoint where) {
        return new DatasetOptions(quota, where, mode, properties, volume, allotment, tuning, permissions);
    }

    public DatasetOptions allotment(Allotment given) {
        return new DatasetOptions(quota, mountpoint, mode, properties, volume, given, tuning, permissions);
    }

    public DatasetOptions tuning(Tuning how) {
        return new DatasetOptions(quota, mountpoint, mode, properties, volume, allotment, how, permissions);
    }

    DatasetOptions permissions(Permissions given) {
        return new DatasetOptions(quota, mountpoint, mode, properties, volume, allotment, tuning, given);
    }

    /** A volume, which has no mountpoint and no mode. */
    public DatasetOptions volume(VolumeShape shape) {
        return new DatasetOptions(
                quota, mountpoint, mode, properties, Optional.of(shape), allotment, tuning, permissions);
    }

    public DatasetOptions mode(int bits) {
        return new DatasetOptions(
                quota, mountpoint, OptionalInt.of(bits), properties, volume, allotment, tuning, permissions);
    }

    public DatasetOptions property(String name, String value) {
        var more = new LinkedHashMap<>(properties);
        more.put(name, value);
        return new DatasetOptions(quota, mountpoint, mode, more, volume, allotment, tuning, permissions);
    }
}
