package zonda.vm;

import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import zonda.base.Json;
import zonda.zones.RunningZone;

/** A VM as {@code vmadm get} shows it: what is kept, with what is computed. */
final class VmView {
    private static final DateTimeFormatter MILLIS = DateTimeFormatter.ISO_INSTANT;

    private VmView() {}

    /** What is true of the VM now, besides its record. */
    record Now(
            Optional<RunningZone> running,
            boolean stopping,
            Instant lastModified,
            Path zonepath,
            Host.HostFacts host) {}

    static String zoneState(VmRecord vm, Now now) {
        if (vm.life() == VmRecord.Life.INCOMPLETE) {
            return "incomplete";
        }
        if (now.running().isEmpty()) {
            return "installed";
        }
        return now.stopping() ? "shutting_down" : "running";
    }

    static String state(VmRecord vm, Now now) {
        if (vm.life() == VmRecord.Life.FAILED) {
            return "failed";
        }
        if (vm.life() != VmRecord.Life.INSTALLED) {
            return "provisioning";
        }
        if (now.stopping()) {
            return "stopping";
        }
        return now.running().isPresent() ? "running" : "stopped";
    }

    static Json.Obj show(VmRecord vm, Now now) {
        Json.Obj kept = vm.config().properties();
        Json.Obj shown = Json.object();
        for (String name : List.of("zonename", "autoboot", "brand")) {
            shown = shown.with(name, kept.members().getOrDefault(name, new Json.Null()));
        }
        shown = shown.with("limit_priv", limitPriv(kept));
        shown = shown.withAll(kept.without("limit_priv").without("nowait"));
        shown = computed(shown, vm, now);
        return shown.with("nics", Json.Arr.of(vm.config().nics().stream().map(Nics::shown)));
    }

    private static String limitPriv(Json.Obj kept) {
        List<String> words = kept.array("limit_priv").strings();
        return words.isEmpty() ? "default" : String.join(",", words);
    }

    private static Json.Obj computed(Json.Obj shown, VmRecord vm, Now now) {
        VmConfig config = vm.config();
        Json.Obj object = shown.with("type", config.brand().type())
                .with("hvm", config.brand().isHvm())
                .with("zonepath", now.zonepath().toString())
                .with("zfs_filesystem", config.dataset())
                .with("zone_state", zoneState(vm, now))
                .with("state", state(vm, now))
                .with("firewall_enabled", false)
                .with("zfs_root_recsize", 131_072)
                .with("server_uuid", now.host().serverUuid())
                .with("platform_buildstamp", now.host().liveImage())
                .with("last_modified", MILLIS.format(now.lastModified().truncatedTo(ChronoUnit.MILLIS)));
        for (String array : List.of("resolvers", "snapshots")) {
            object = object.has(array) ? object : object.with(array, new Json.Arr(List.of()));
        }
        for (String map : List.of("tags", "customer_metadata", "internal_metadata", "routes")) {
            object = object.has(map) ? object : object.with(map, Json.object());
        }
        if (now.running().isPresent()) {
            RunningZone zone = now.running().get();
            object = object.with("zoneid", zone.zoneId())
                    .with("zonedid", zone.zoneId())
                    .with("pid", zone.init().pid())
                    .with("boot_timestamp", MILLIS.format(zone.booted().truncatedTo(ChronoUnit.MILLIS)));
        }
        object = object.with("failed_reason", vm.failure());
        if (vm.lastExit().isPresent()) {
            object = object.with("exit_status", vm.lastExit().get().code())
                    .with(
                            "exit_timestamp",
                            MILLIS.format(vm.lastExit().get().when().truncatedTo(ChronoUnit.MILLIS)));
        }
        return object;
    }
}
