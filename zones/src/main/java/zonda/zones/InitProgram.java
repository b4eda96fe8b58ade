package zonda.zones;

import java.util.List;
import java.util.Map;

/** What a zone's first process is, and with it how the zone is asked to stop. */
public sealed interface InitProgram {
    /** Who an emulator runs as, user and group within its zone. */
    ZoneExec.User EMULATOR = new ZoneExec.User(1000, 1000, List.of());

    /** SIGTERM, signal(7). */
    int TERMINATE = 15;

    /** The image's own init, booting a whole system. */
    record Machine(String path, Kind kind) implements InitProgram {}

    /**
     * A command of an image without init, under a tiny reaper.
     *
     * @param stopSignal the signal that asks it to end
     * @param streams what its standard streams are
     * @param mayEnd whether it may be one that does its work and ends: then it counts as booted also when it has ended
     */
    record Application(
            List<String> command,
            Map<String, String> environment,
            String directory,
            ZoneExec.User user,
            int stopSignal,
            Streams streams,
            boolean mayEnd)
            implements InitProgram {
        public Application {
            command = List.copyOf(command);
            environment = Map.copyOf(environment);
        }
    }

    /**
     * The standard streams of a zone's first process.
     *
     * @param terminal whether they are the console; pipes otherwise, so that output and errors stay apart
     * @param input whether what is typed at the console reaches a process without terminal; it reads nothing otherwise
     * @param logged whether what it writes is kept
     */
    record Streams(boolean terminal, boolean input, boolean logged) {
        public static final Streams CONSOLE = new Streams(true, false, true);
    }

    /**
     * A program of the host that emulates a machine: it runs without privileges, as {@link #EMULATOR}, and sees the host's
     * programs and libraries, read-only.
     *
     * @param command its absolute path and its arguments
     */
    record Emulator(List<String> command) implements InitProgram {
        public Emulator {
            command = List.copyOf(command);
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
            case Application _, Emulator _ -> false;
        };
    }

    default Streams streams() {
        return switch (this) {
            case Machine _, Emulator _ -> Streams.CONSOLE;
            case Application application -> application.streams();
        };
    }

    /** Whether an end right after the start is no failure to start. */
    default boolean mayEnd() {
        return switch (this) {
            case Machine _, Emulator _ -> false;
            case Application application -> application.mayEnd();
        };
    }

    default int stopSignal() {
        return switch (this) {
            case Machine machine -> machine.kind().stopSignal();
            case Application application -> application.stopSignal();
            case Emulator _ -> TERMINATE;
        };
    }
}
