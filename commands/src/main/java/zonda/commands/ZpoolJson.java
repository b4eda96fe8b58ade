package zonda.commands;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import zonda.base.Json;
import zonda.storage.DatasetProperty;
import zonda.storage.DatasetProperty.Value;
import zonda.storage.Pool;
import zonda.storage.Vdev;

/**
 * What {@code zpool -j} prints, in the shape of OpenZFS 2.3, but for what is about its own formats: the transaction and the
 * versions of pool and filesystem, and the space and the identity of each device.
 *
 * @param integers whether numbers are numbers, not strings, {@code --json-int}
 * @param byGuid whether a pool's object has its guid for a name, {@code --json-pool-key-guid}
 */
record ZpoolJson(String command, boolean integers, boolean byGuid) {
    static final String OPTIONS = " j|json json-int json-pool-key-guid";

    static ZpoolJson of(String command, Getopt options) {
        return new ZpoolJson(command, options.has("json-int"), options.has("json-pool-key-guid"));
    }

    /** @param content a pool's object */
    String text(List<Pool> pools, Function<Pool, Json.Obj> content) {
        var members = new LinkedHashMap<String, Json>();
        for (Pool pool : pools) {
            members.put(byGuid ? guid(pool) : pool.config().name(), content.apply(pool));
        }
        return ZfsJson.output(command, "pools", members);
    }

    private static String guid(Pool pool) {
        return pool.datasets().properties(pool.datasets().root(), List.of("guid")).stream()
                .map(DatasetProperty::value)
                .map(value -> value instanceof Value.Text(String text) ? text : "0")
                .findFirst()
                .orElse("0");
    }

    private Json number(String text) {
        return integers && text.matches("[0-9]+") ? new Json.Num(new BigDecimal(text)) : new Json.Str(text);
    }

    /** @param values of properties, in the order that they are printed in */
    Json.Obj properties(Pool pool, Map<String, String> values) {
        var properties = new LinkedHashMap<String, Json>();
        values.forEach((name, value) -> {
            String source = name.equals("altroot") ? "DEFAULT" : "NONE";
            properties.put(
                    name,
                    Json.object()
                            .with("value", number(value))
                            .with("source", Json.object().with("type", source).with("data", "-")));
        });
        return head(Json.object().with("name", pool.config().name()).with("type", "POOL"), pool)
                .with("properties", new Json.Obj(properties));
    }

    private Json.Obj head(Json.Obj object, Pool pool) {
        return object.with("state", ZpoolStatus.health(pool)).with("pool_guid", number(guid(pool)));
    }

    /** @param errors blocks of which there is no good copy */
    Json.Obj status(Pool pool, boolean paths, long errors) {
        var devices = new LinkedHashMap<String, Json>();
        for (Vdev vdev : pool.vdevs()) {
            String name = paths ? vdev.path() : ZpoolVdevs.shown(vdev.path());
            devices.put(name, device(pool, vdev, name));
        }
        Map<String, Json> below = devices;
        if (pool.devices().intendedCopies() > 1) {
            below = Map.of("mirror-0", group(pool, "mirror-0", "mirror").with("vdevs", new Json.Obj(devices)));
        }
        String name = pool.config().name();
        Json.Obj root = group(pool, name, "root").with("vdevs", new Json.Obj(below));
        return head(Json.object().with("name", name), pool)
                .with("vdevs", new Json.Obj(Map.of(name, root)))
                .with("error_count", number(String.valueOf(errors)));
    }

    private Json.Obj group(Pool pool, String name, String type) {
        Json.Obj object = Json.object()
                .with("name", name)
                .with("vdev_type", type)
                .with("class", "normal")
                .with("state", ZpoolStatus.health(pool));
        return counted(object, 0, 0, 0);
    }

    private Json.Obj device(Pool pool, Vdev vdev, String name) {
        Json.Obj object = Json.object()
                .with("name", name)
                .with("vdev_type", pool.config().embedded() ? "file" : "disk")
                .with("path", vdev.path())
                .with("class", "normal")
                .with("state", vdev.missing() ? "UNAVAIL" : "ONLINE");
        return counted(object, vdev.readErrors(), vdev.writeErrors(), vdev.checksumErrors());
    }

    private Json.Obj counted(Json.Obj object, long read, long write, long checksum) {
        return object.with("read_errors", number(String.valueOf(read)))
                .with("write_errors", number(String.valueOf(write)))
                .with("checksum_errors", number(String.valueOf(checksum)));
    }
}
