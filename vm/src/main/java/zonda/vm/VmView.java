package zonda.vm;

import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import zonda.base.Json;
import zonda.zones.RunningZone;

/** A VM as {@code vmadm get} shows it: what is kept, with what is computed. */
final class VmView {
    private static final DateTimeFormatter MILLIS = DateTimeFormatter.ISO_INSTANT;

    /** Shown in another way, or not at all. */
    private static final Set<String> HIDDEN = Set.of("limit_priv", "nowait", "delegate_dataset");

    /** What SmartOS' zone records have no attribute for, and so get does not show. */
    private static final Map<String, Json> USUAL = Map.of(
            "archive_on_delete", Json.of(false),
            "do_not_inventory", Json.of(false),
            "docker", Json.of(false),
            "maintain_resolvers", Json.of(false),
            "restart_init", Json.of(true),
            "indestructible_zoneroot", Json.of(false),
            "indestructible_delegated", Json.of(false),
            "internal_metadata_namespaces", new Json.Arr(List.of()),
            "mdata_exec_timeout", Json.of(300));

    private static final Set<String> COMPRESSIONS = Set.of("zfs_root_compression", "zfs_data_compression");

    /** What a hardware VM's zone may not do, as SmartOS tells it. */
    private static final String MACHINE_PRIVILEGES =
            "default,-file_link_any,-net_access,-proc_fork,-proc_info,-proc_session";

    private VmView() {}

    /** What is true of the VM now, besides its record. */
    record Now(
            Optional<RunningZone> running,
            boolean stopping,
            Instant lastModified,
            Path zonepath,
            List<VmSnapshots.Shown> snapshots,
            Optional<String> receiveToken,
            Optional<Json.Obj> missing,
            Host.HostFacts host) {}

    static String zoneState(VmRecord vm, Now now) {
        if (vm.life() == VmRecord.Life.INCOMPLETE) {
            return "incomplete";
        }
        if (vm.life() == VmRecord.Life.RECEIVING) {
            return "configured";
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
        if (vm.life() == VmRecord.Life.RECEIVING) {
            return "receiving";
        }
        // One that was made not to be booted is down like any other.
        boolean isDown = vm.life() == VmRecord.Life.PROVISIONING
                && now.running().isEmpty()
                && !vm.config().autoboot();
        if (vm.life() != VmRecord.Life.INSTALLED && !isDown) {
            return "provisioning";
        }
        if (now.stopping()) {
            return "stopping";
        }
        return now.running().isPresent() ? "running" : "stopped";
    }

    static Json.Obj show(VmRecord vm, Now now) {
        Map<String, Json> kept = vm.config().properties().members();
        Map<String, Json> shown = new LinkedHashMap<>();
        for (String name : List.of("zonename", "autoboot", "brand")) {
            shown.put(name, kept.getOrDefault(name, new Json.Null()));
        }
        shown.put("limit_priv", Json.of(limitPriv(vm.config())));
        kept.forEach((name, value) -> {
            if (!isHidden(vm.config(), name) && !value.equals(USUAL.get(name))) {
                shown.put(name, value);
            }
        });
        COMPRESSIONS.forEach(name -> shown.remove(name, Json.of("off")));
        if (vm.config().brand().isHvm()) {
            shown.put("disks", Json.Arr.of(Disks.of(vm.config()).stream().map(VmView::disk)));
        }
        compute(shown, vm, now);
        shown.put("nics", Json.Arr.of(vm.config().nics().stream().map(Nics::shown)));
        return new Json.Obj(shown);
    }

    /** The memory of a zone has one name in get, and two in list. */
    private static boolean isHidden(VmConfig vm, String name) {
        return HIDDEN.contains(name) || (name.equals("ram") && !vm.brand().isHvm());
    }

    private static Json.Obj disk(Disks.Kept disk) {
        Json.Obj kept = disk.properties();
        return disk.dataset().isEmpty() || kept.has("compression") ? kept : kept.with("compression", "off");
    }

    private static String limitPriv(VmConfig vm) {
        List<String> words = vm.properties().array("limit_priv").strings();
        String usual = vm.brand().isHvm() ? MACHINE_PRIVILEGES : "default";
        return words.isEmpty() ? usual : String.join(",", words);
    }

    /** One map is filled, rather than an object made anew for each member: a list shows a thousand VMs. */
    private static void compute(Map<String, Json> shown, VmRecord vm, Now now) {
        VmConfig config = vm.config();
        shown.put("hvm", Json.of(config.brand().isHvm()));
        shown.put("zonepath", Json.of(now.zonepath().toString()));
        shown.put("zfs_filesystem", Json.of(config.dataset()));
        shown.put("zone_state", Json.of(zoneState(vm, now)));
        shown.put("state", Json.of(state(vm, now)));
        shown.putIfAbsent("firewall_enabled", Json.of(false));
        shown.putIfAbsent("v", Json.of(1));
        shown.putIfAbsent("zfs_root_recsize", Json.of(131_072));
        shown.put("server_uuid", Json.of(now.host().serverUuid()));
        shown.put("platform_buildstamp", Json.of(now.host().liveImage()));
        shown.put("last_modified", time(now.lastModified()));
        shown.putIfAbsent("resolvers", new Json.Arr(List.of()));
        shown.put("snapshots", Json.Arr.of(now.snapshots().stream().map(VmSnapshots.Shown::toJson)));
        for (String map : List.of("tags", "customer_metadata", "internal_metadata", "routes")) {
            shown.putIfAbsent(map, Json.object());
        }
        now.running().ifPresent(zone -> {
            shown.put("zoneid", Json.of(zone.zoneId()));
            shown.put("zonedid", Json.of(zone.zoneId()));
            shown.put("pid", Json.of(zone.init().pid()));
            shown.put("boot_timestamp", time(zone.booted()));
            // An init that dies is not started again in place: the zone boots.
            shown.put("init_restarts", Json.of(0));
        });
        if (Docker.is(config)) {
            shown.put("zlog_mode", Json.of(Docker.logMode(config)));
        }
        now.missing().ifPresent(missing -> shown.put("missing", missing));
        now.receiveToken().ifPresent(token -> shown.put("receive_token", Json.of(token)));
        vm.failure().ifPresent(why -> shown.put("failed_reason", Json.of(why)));
        vm.lastExit().ifPresent(exit -> {
            shown.put("exit_status", Json.of(exit.told()));
            shown.put("exit_timestamp", time(exit.when()));
        });
    }

    private static Json time(Instant when) {
        return Json.of(MILLIS.format(when.truncatedTo(ChronoUnit.MILLIS)));
    }
}
