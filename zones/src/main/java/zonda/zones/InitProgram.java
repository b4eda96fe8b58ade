package zonda.zones;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a zone's first process is, and with it how the zone is asked to stop. */
public sealed interface InitProgram {
    /** The image's own init, booting a whole system. */
    record Machine(String path, Kind kind) implements InitProgram {}

    /**
     * A command of an image without init, under a tiny reaper.
     *
     * @param user name or uid, optionally with group, as in an OCI image's config; empty means root
     * @param stopSignal the signal that asks it to end
     */
    record Application(
            List<String> command,
            Map<String, String> environment,
            String directory,
            Optional<String> user,
            int stopSignal)
            implements InitProgram {
        public Application {
            command = List.copyOf(command);
            environment = Map.copyOf(environment);
        }
    }

    /** The families of init, by the signal that makes each shut the system down; numbers as in signal(7). */
    enum Kind {
        /** systemd(1): SIGRTMIN+3 starts halt.target. */
        SYSTEMD(37),
        /** busybox init: SIGUSR2 powers off. */
        BUSYBOX(12),
        /** sysvinit, OpenRC's and runit's init: SIGPWR, or what their inittab makes of it. */
        OTHER(30);

        private final int stopSignal;

        Kind(int stopSignal) {
            this.stopSignal = stopSignal;
        }

        int stopSignal() {
            return stopSignal;
        }

        /** By where the image's /sbin/init leads. */
        public static Kind of(String target) {
            if (target.contains("systemd")) {
                return SYSTEMD;
            }
            return target.contains("busybox") ? BUSYBOX : OTHER;
        }
    }

    /** Whether it holds on to the controlling terminal it was started with, which then no getty(8) can have. */
    default boolean keepsTerminal() {
        return switch (this) {
            case Machine machine -> machine.kind() != Kind.SYSTEMD;
            case Application _ -> false;
        };
    }

    default int stopSignal() {
        return switch (this) {
            case Machine machine -> machine.kind().stopSignal();
            case Application application -> application.stopSignal();
        };
    }
}
