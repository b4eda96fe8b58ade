package zonda.zones;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kernel.Fd;
import zonda.kernel.UnixSocket;

/** Runs programs in running zones, by the OCI runtime's exec: what zlogin(1) stands on. */
public final class ZoneExec {
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

    /** A started program with its three streams; the exit value is the program's. */
    public Process start(UUID zone, Program program) {
        Path file = describe(program, false);
        Process process = runtime.exec(zone, List.of("--process", file.toString()), List.of())
                .start();
        process.onExit().thenRun(() -> delete(file));
        return process;
    }

    /** A program on a terminal of the zone's own, and the terminal's master. */
    public record OnTerminal(Process process, Fd terminal) {}

    /** @throws OpException FAILED with the runtime's words when it doesn't start */
    public OnTerminal startOnTerminal(UUID zone, Program program) {
        Path file = describe(program, true);
        Path socket =
                runDirectory.resolve("exec-" + UUID.randomUUID().toString().substring(0, 8) + ".sock");
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket));
            Process process = runtime.exec(
                            zone,
                            List.of("--tty", "--console-socket", socket.toString(), "--process", file.toString()),
                            List.of())
                    .start();
            process.onExit().thenRun(() -> delete(file));
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
            return new OnTerminal(process, terminal.join());
        } catch (IOException e) {
            throw new UncheckedIOException("listen on " + socket + ": " + e, e);
        } finally {
            delete(socket);
        }
    }

    /** The OCI "process" object; the runtime reads it once. */
    private Path describe(Program program, boolean terminal) {
        Json.Arr capabilities = Json.Arr.ofStrings(
                Privileges.capabilities(new InitProgram.Machine("/sbin/init", InitProgram.Kind.OTHER), Set.of()));
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

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("delete " + file + ": " + e, e);
        }
    }
}
