package zonda.zones;

import java.nio.file.Path;
import java.util.UUID;

/**
 * Where the files of a running zone are. What is below the run directory is gone after a reboot of the host.
 *
 * @param exits where monitors leave exit statuses, one file per zone
 * @param logs where consoles are logged
 */
record ZonePaths(UUID uuid, Path run, Path exits, Path logs) {
    /** The zone's own directory, and its OCI bundle. */
    Path bundle() {
        return run.resolve(uuid.toString());
    }

    Path config() {
        return bundle().resolve("config.json");
    }

    /** Where the zone's root is mounted, in the mount namespace of its monitor only. */
    Path root() {
        return bundle().resolve("root");
    }

    Path state() {
        return bundle().resolve("state.json");
    }

    Path initPid() {
        return bundle().resolve("init.pid");
    }

    Path monitorPid() {
        return bundle().resolve("monitor.pid");
    }

    /** conmon's packet socket to the console. */
    Path attach() {
        return bundle().resolve("attach");
    }

    /** conmon's pipe for the console's size. */
    Path control() {
        return bundle().resolve("ctl");
    }

    Path exit() {
        return exits.resolve(uuid.toString());
    }

    Path consoleLog() {
        return logs.resolve(uuid + ".console");
    }
}
