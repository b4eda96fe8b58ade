package zonda.zones;

import java.time.Instant;
import java.util.UUID;
import zonda.base.Json;
import zonda.kernel.LinuxProcess;

/**
 * A zone that runs, or ran when this was written: the content of its {@code state.json}.
 *
 * @param zoneId its number, as in zoneadm(8)'s list; never 0, which is the global zone
 * @param init its first process
 * @param monitor the conmon that holds its console and exit status
 * @param hostBoot the kernel's boot_id: what was recorded in another life of the host is no zone any more
 */
public record RunningZone(
        UUID uuid, int zoneId, LinuxProcess init, LinuxProcess monitor, Instant booted, String hostBoot) {

    Json.Obj toJson() {
        return Json.object()
                .with("uuid", uuid.toString())
                .with("zoneid", zoneId)
                .with("init", process(init))
                .with("monitor", process(monitor))
                .with("booted", booted.toString())
                .with("host_boot", hostBoot);
    }

    static RunningZone of(Json.Obj json) {
        return new RunningZone(
                UUID.fromString(json.string("uuid", "")),
                (int) json.integer("zoneid", 0),
                process(json.object("init")),
                process(json.object("monitor")),
                Instant.parse(json.string("booted", "")),
                json.string("host_boot", ""));
    }

    private static Json.Obj process(LinuxProcess process) {
        return Json.object().with("pid", process.pid()).with("start_time", process.startTime());
    }

    private static LinuxProcess process(Json.Obj json) {
        return new LinuxProcess(json.integer("pid", 0), json.integer("start_time", 0));
    }
}
