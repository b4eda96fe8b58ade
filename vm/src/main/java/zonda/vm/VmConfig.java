package zonda.vm;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import zonda.base.Bytes;
import zonda.base.Json;
import zonda.zones.Limits;

/**
 * A VM's properties as they are kept: complete, typed, without what is computed. Immutable; {@link #with} makes the next.
 */
public record VmConfig(Json.Obj properties) {
    /** Where a VM is that names no pool. */
    static final String USUAL_POOL = "zones";

    public UUID uuid() {
        return UUID.fromString(text("uuid"));
    }

    public String zonename() {
        return text("zonename");
    }

    public String hostname() {
        return properties.string("hostname").orElseGet(this::zonename);
    }

    public Optional<String> alias() {
        return properties.string("alias");
    }

    public Brand brand() {
        return Brand.find(text("brand")).orElseThrow(() -> new IllegalStateException("brand of " + properties));
    }

    public String zpool() {
        return properties.string("zpool", USUAL_POOL);
    }

    public Optional<String> imageUuid() {
        return properties.string("image_uuid");
    }

    public boolean autoboot() {
        return properties.bool("autoboot", true);
    }

    public boolean restartInit() {
        return properties.bool("restart_init", true);
    }

    /** The dataset of its root. */
    public String dataset() {
        return zpool() + "/" + uuid();
    }

    /** Whether the guest's resolv.conf(5) follows the VM's resolvers after its first boot. */
    boolean maintainsResolvers() {
        return properties.bool("maintain_resolvers", false);
    }

    public String coresDataset() {
        return zpool() + "/cores/" + uuid();
    }

    /** Empty when unlimited. */
    public Optional<Bytes> quota() {
        return properties.integer("quota").filter(gib -> gib > 0).map(Bytes::ofGiB);
    }

    public List<Json.Obj> nics() {
        return properties.array("nics").objects();
    }

    public Json.Obj metadata(String which) {
        return properties.object(which);
    }

    public Limits limits() {
        OptionalLong cap = properties
                .integer("cpu_cap")
                .filter(percent -> percent > 0)
                .map(OptionalLong::of)
                .orElse(OptionalLong.empty());
        return new Limits(
                mib("max_physical_memory"),
                mib("max_swap"),
                cap,
                properties.integer("cpu_shares", 100),
                properties.integer("max_lwps", 2000),
                mib("max_locked_memory"),
                properties.integer("zfs_io_priority", 100),
                mib("tmpfs"));
    }

    public VmConfig with(Json.Obj changed) {
        return new VmConfig(changed);
    }

    public VmConfig with(String name, Json value) {
        return new VmConfig(properties.with(name, value));
    }

    private Bytes mib(String name) {
        return Bytes.ofMiB(properties.integer(name, 0));
    }

    private String text(String name) {
        return properties
                .string(name)
                .orElseThrow(() -> new IllegalStateException("a VM without " + name + ": " + properties.compact()));
    }
}
