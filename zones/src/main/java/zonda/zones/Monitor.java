package zonda.zones;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.kernel.LinuxProcess;
import zonda.kernel.PrivateMounts;

/**
 * conmon(8), one per zone: it starts the runtime, holds the zone's console, keeps its log and leaves the exit status in
 * a file, whether or not a daemon is there. 2 MB each.
 */
final class Monitor {
    private static final Path PROGRAM = Path.of("/usr/bin/conmon");
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final OciRuntime runtime;

    Monitor(OciRuntime runtime) {
        this.runtime = runtime;
    }

    /** The zone's first process, waiting for its start, and the monitor that watches it. */
    record Created(LinuxProcess init, LinuxProcess monitor) {}

    /** What is done with what the first process writes. */
    record Log(InitProgram.Streams streams, long limit) {}

    /**
     * Makes the zone by way of the runtime.
     *
     * @param log what the first process' standard streams are, and how long a log of them may be
     * @param prepare makes the mounts that the runtime and the zone need, where only they see them
     * @throws OpException FAILED with the runtime's own words
     */
    Created create(ZonePaths zone, Log log, Runnable prepare) {
        List<String> argv = new ArrayList<>(List.of(
                PROGRAM.toString(),
                "--api-version",
                "1",
                "--cid",
                zone.uuid().toString(),
                "--cuuid",
                zone.uuid().toString(),
                "--runtime",
                runtime.program().current().toString(),
                "--runtime-arg",
                "--root=" + runtime.stateDirectory(),
                "--bundle",
                zone.bundle().toString(),
                "--container-pidfile",
                zone.initPid().toString(),
                "--conmon-pidfile",
                zone.monitorPid().toString(),
                "--exit-dir",
                zone.exits().toString(),
                "--log-path",
                log.streams().logged() ? "k8s-file:" + zone.consoleLog() : "none:",
                "--log-size-max",
                String.valueOf(log.limit()),
                "--full-attach"));
        argv.addAll(options(log.streams()));
        // It leaves a file "oom" where it runs when a zone passes its memory: that goes with the bundle.
        PrivateMounts.Outcome outcome = PrivateMounts.run(
                argv,
                Map.of("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "_OCI_SYNCPIPE", "3"),
                zone.bundle(),
                prepare,
                LIMIT);
        long pid = pid(outcome);
        LinuxProcess init = LinuxProcess.find(pid)
                .orElseThrow(() -> new OpException(Code.FAILED, "the zone's first process ended before its start"));
        LinuxProcess monitor = process(zone.monitorPid())
                .orElseThrow(() -> new OpException(Code.FAILED, "the zone's monitor ended before its start"));
        return new Created(init, monitor);
    }

    /** Input stays open when who typed it has gone away: another may come. */
    private static List<String> options(InitProgram.Streams streams) {
        if (streams.terminal()) {
            return List.of("--terminal");
        }
        return streams.input() ? List.of("--stdin", "--leave-stdin-open") : List.of();
    }

    /** conmon answers {@code {"data": PID}}, or a number below zero with the runtime's message. */
    private static long pid(PrivateMounts.Outcome outcome) {
        Json.Obj answer;
        try {
            answer = Json.parseObject(outcome.line());
        } catch (Json.JsonSyntaxException e) {
            throw new OpException(
                    Code.FAILED,
                    "conmon: exit " + outcome.status() + ", said: "
                            + outcome.line().strip(),
                    e);
        }
        long pid = answer.integer("data").or(() -> answer.integer("pid")).orElse(-1L);
        if (pid <= 0) {
            throw new OpException(
                    Code.FAILED,
                    "create the zone: "
                            + answer.string("message", outcome.line()).strip());
        }
        return pid;
    }

    /** The process whose number a pid file holds, if it lives. */
    static Optional<LinuxProcess> process(Path pidFile) {
        return Files.exists(pidFile)
                ? StateFile.read(pidFile)
                        .map(String::strip)
                        .filter(text -> text.matches("[0-9]+"))
                        .flatMap(text -> LinuxProcess.find(Long.parseLong(text)))
                : Optional.empty();
    }
}
