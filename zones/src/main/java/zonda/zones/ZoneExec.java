package zonda.zones;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import zonda.base.Await;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.kernel.Command;
import zonda.kernel.Fd;
import zonda.kernel.LinuxProcess;
import zonda.kernel.Signals;
import zonda.kernel.UnixSocket;

/** Runs programs in running zones, by the OCI runtime's exec: what zlogin(1) stands on. */
public final class ZoneExec {
    private static final int SIGHUP = 1;
    private static final Duration HANG_UP = Duration.ofSeconds(5);

    private final OciRuntime runtime;
    private final Path runDirectory;

    ZoneExec(OciRuntime runtime, Path runDirectory) {
        this.runtime = runtime;
        this.runDirectory = runDirectory;
    }

    /** Who runs it, by the zone's own numbers. */
    public record User(long uid, long gid, List<Long> groups) {
        public static final User ROOT = new User(0, 0, List.of());

        public User {
            groups = List.copyOf(groups);
        }
    }

    public record Program(List<String> argv, User user, String directory, Map<String, String> environment) {
        public Program {
            argv = List.copyOf(argv);
            environment = Map.copyOf(environment);
        }
    }

    /**
     * A started program with its three streams; the exit value is the program's. It and what it starts are a process
     * group of their own, so that all of it can be hung up, and a signal to the daemon's group doesn't reach it.
     */
    public Process start(UUID zone, Program program) {
        Path file = describe(zone, program, false);
        Process process = Command.of("setsid")
                .with(runtime.execArguments(zone, List.of("--process", file.toString()))
                        .toArray(String[]::new))
                .start();
        process.onExit().thenRun(() -> delete(file));
        return process;
    }

    /**
     * Tells a program of {@link #start} that its caller is gone: SIGHUP to its group, as from a terminal that is hung up.
     * What has left the group, as a service does, stays.
     */
    public void hangUp(Process process) {
        if (process.isAlive()) {
            Command.of("sh", "-c", "kill -s HUP -- \"-$1\"", "sh", String.valueOf(process.pid()))
                    .run(HANG_UP);
        }
    }

    /**
     * A program on a terminal of the zone's own, and the terminal's master.
     *
     * @param leader the program itself, of which the process that is waited for is the runtime's keeper
     */
    public record OnTerminal(Process process, Fd terminal, Optional<LinuxProcess> leader) {
        /** Tells it that its terminal is gone; one that doesn't care is killed, and the kernel hangs up its jobs. */
        public void hangUp() {
            leader.ifPresent(program -> {
                program.signal(SIGHUP);
                if (!Await.until(HANG_UP, () -> !program.isAlive())) {
                    program.signal(Signals.SIGKILL);
                }
            });
        }
    }

    /** @throws OpException FAILED with the runtime's words when it doesn't start */
    public OnTerminal startOnTerminal(UUID zone, Program program) {
        Path file = describe(zone, program, true);
        Path socket =
                runDirectory.resolve("exec-" + UUID.randomUUID().toString().substring(0, 8) + ".sock");
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket));
            Path pidFile = Path.of(file + ".pid");
            Process process = Command.of(runtime.execArguments(
                            zone,
                            List.of(
                                    "--tty",
                                    "--console-socket",
                                    socket.toString(),
                                    "--pid-file",
                                    pidFile.toString(),
                                    "--process",
                                    file.toString())))
                    .start();
            process.onExit().thenRun(() -> {
                delete(file);
                delete(pidFile);
            });
            var terminal = new CompletableFuture<Fd>();
            Thread.ofVirtual().start(() -> {
                try (var connection = listener.accept()) {
                    terminal.complete(UnixSocket.receiveDescriptor(connection));
                } catch (IOException | RuntimeException e) {
                    terminal.completeExceptionally(e);
                }
            });
            CompletableFuture.anyOf(terminal, process.onExit())
                    .orTimeout(30, TimeUnit.SECONDS)
                    .exceptionally(_ -> null)
                    .join();
            if (!terminal.isDone() || terminal.isCompletedExceptionally()) {
                process.destroyForcibly();
                String said =
                        new String(process.getErrorStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
                throw new OpException(
                        Code.FAILED, "start " + program.argv().getFirst() + " in the zone: " + said.strip());
            }
            // The runtime writes the number once the program runs; the terminal came a little before.
            Await.until(
                    HANG_UP,
                    () -> !process.isAlive() || Monitor.process(pidFile).isPresent());
            return new OnTerminal(process, terminal.join(), Monitor.process(pidFile));
        } catch (IOException e) {
            throw new UncheckedIOException("listen on " + socket + ": " + e, e);
        } finally {
            delete(socket);
        }
    }

    /** Deletes the descriptions of programs that a daemon was killed at; nobody reads them any more. */
    void forgetInterrupted() {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(runDirectory, "exec-*.{json,sock,pid}")) {
            files.forEach(ZoneExec::delete);
        } catch (IOException e) {
            throw new UncheckedIOException("list " + runDirectory + ": " + e, e);
        }
    }

    /** The OCI "process" object; the runtime reads it once. */
    private Path describe(UUID zone, Program program, boolean terminal) {
        Json.Arr capabilities = capabilities(zone);
        User user = program.user();
        boolean root = user.uid() == 0;
        Json.Arr granted = root ? capabilities : new Json.Arr(List.of());
        Json.Obj process = Json.object()
                .with("terminal", terminal)
                .with(
                        "user",
                        Json.object()
                                .with("uid", user.uid())
                                .with("gid", user.gid())
                                .with(
                                        "additionalGids",
                                        Json.Arr.of(user.groups().stream().map(Json::of))))
                .with("args", Json.Arr.ofStrings(program.argv()))
                .with(
                        "env",
                        Json.Arr.ofStrings(program.environment().entrySet().stream()
                                .map(entry -> entry.getKey() + "=" + entry.getValue())
                                .toList()))
                .with("cwd", program.directory())
                .with(
                        "capabilities",
                        Json.object()
                                .with("bounding", capabilities)
                                .with("effective", granted)
                                .with("permitted", granted)
                                .with("inheritable", new Json.Arr(List.of())))
                .with("noNewPrivileges", false);
        try {
            Path file = Files.createTempFile(runDirectory, "exec-", ".json");
            Files.writeString(file, process.compact());
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException("describe a program for the zone: " + e, e);
        }
    }

    /** Those that the zone was booted with: a program that comes from outside has no more than its init. */
    private Json.Arr capabilities(UUID zone) {
        Path bundle = runDirectory.resolve("zones").resolve(zone.toString()).resolve("config.json");
        return StateFile.readObject(bundle)
                .orElseThrow(() -> new OpException(Code.FAILED, "the zone is not running"))
                .object("process")
                .object("capabilities")
                .array("bounding");
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("delete " + file + ": " + e, e);
        }
    }
}
