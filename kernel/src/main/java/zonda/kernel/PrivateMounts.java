package zonda.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import zonda.base.Await;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * Programs started in a mount namespace of their own, prepared before they start: what is mounted there is seen by them
 * and their children alone, and goes with the last of them.
 *
 * <p>The thread that prepares returns to the host's namespace before it does anything that could make another thread, or
 * that thread, a carrier of virtual threads say, would live on in the private one.
 */
public final class PrivateMounts {
    /** setns(2). */
    private static final CFunction SETNS = CFunction.of("setns");

    private static final Duration SOON = Duration.ofSeconds(5);

    private PrivateMounts() {}

    /**
     * How a start ended: the program's exit status and the first line it wrote to descriptor 3 while it, or a child that
     * it left behind, held it.
     */
    public record Outcome(int status, String line) {}

    /**
     * Runs a program that tells on descriptor 3 how it went, as conmon does, and waits for that.
     *
     * @param argv the program by absolute path, and its arguments
     * @param directory its working directory
     * @param prepare makes the mounts, on the thread that then starts the program: kernel calls only
     * @throws OpException FAILED when nothing came within the limit
     * @throws KernelException as unshare(2), posix_spawn(3) and what prepare calls
     */
    public static Outcome run(
            List<String> argv, Map<String, String> environment, Path directory, Runnable prepare, Duration limit) {
        try (var pipe = Spawn.pipe();
                var nothing = Fd.open(Path.of("/dev/null"), Fd.O_RDWR, 0)) {
            int pid = Blocking.onOwnThread(
                    "private-mounts",
                    () -> prepared(
                            prepare,
                            () -> Spawn.start(
                                    argv.getFirst(),
                                    argv,
                                    environment,
                                    Optional.of(directory),
                                    List.of(nothing, nothing, nothing, pipe.writer()))));
            pipe.writer().close();
            int status = Spawn.waitFor(pid);
            return new Outcome(status, firstLine(argv, pipe.reader(), limit));
        }
    }

    /**
     * Does something in the mount namespace of another process: kernel calls only, for the same reason.
     *
     * @throws KernelException when the process has ended, and as the work does
     */
    public static void inside(LinuxProcess process, Runnable work) {
        Blocking.onOwnThread("other-mounts", () -> {
            try (Fd home = Fd.open(Path.of("/proc/thread-self/ns/mnt"), Fd.O_RDONLY, 0);
                    Fd other = Fd.open(Path.of("/proc/" + process.pid() + "/ns/mnt"), Fd.O_RDONLY, 0)) {
                // setns(2): the thread must not share its root and working directory with others.
                Namespaces.unshareFilesystemView();
                enter(other);
                try {
                    work.run();
                } finally {
                    enter(home);
                }
                return true;
            }
        });
    }

    /**
     * Takes filesystems out of a process' own mount namespace: a copy of a mount keeps that busy on the host for as long as
     * the process runs. Nothing happens to a process that has ended.
     *
     * @param types of the filesystems, such as btrfs
     * @param needed paths that it uses; what is mounted above one of them stays
     */
    public static void drop(LinuxProcess process, Set<String> types, List<Path> needed) {
        if (!Await.until(SOON, () -> !process.isAlive() || !isOurs(process)) || !process.isAlive()) {
            return;
        }
        try {
            // Listed from here: the /proc that is mounted there need not know of this thread.
            List<Path> targets = Mounts.list(process.pid()).reversed().stream()
                    .filter(mount -> types.contains(mount.type()))
                    .map(MountInfo::target)
                    .filter(target -> needed.stream().noneMatch(path -> path.startsWith(target)))
                    .toList();
            inside(process, () -> targets.forEach(Mounts::detachIfMounted));
        } catch (KernelException | UncheckedIOException e) {
            if (process.isAlive()) {
                throw e;
            }
        }
    }

    private static boolean isOurs(LinuxProcess process) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/" + process.pid() + "/ns/mnt"))
                    .equals(Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")));
        } catch (IOException e) {
            return false;
        }
    }

    private static void enter(Fd namespace) {
        SETNS.call("setns", namespace, namespace.number(), Namespaces.CLONE_NEWNS);
    }

    private interface Start {
        int pid();
    }

    private static int prepared(Runnable prepare, Start start) {
        try (Fd home = Fd.open(Path.of("/proc/thread-self/ns/mnt"), Fd.O_RDONLY, 0)) {
            Namespaces.unshareMount();
            try {
                Mounts.makeSlave(Path.of("/"), true);
                prepare.run();
                return start.pid();
            } finally {
                enter(home);
            }
        }
    }

    private static String firstLine(List<String> argv, Fd reader, Duration limit) {
        var line = CompletableFuture.supplyAsync(() -> readLine(reader), Thread::startVirtualThread)
                .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return line.join();
        } catch (CompletionException e) {
            throw new OpException(
                    Code.FAILED, argv.getFirst() + " did not tell within " + limit.toSeconds() + " s how it went", e);
        }
    }

    private static String readLine(Fd reader) {
        var text = new StringBuilder();
        byte[] piece = new byte[4096];
        int length = Streams.read(reader, piece);
        while (length > 0) {
            text.append(new String(piece, 0, length, StandardCharsets.UTF_8));
            int end = text.indexOf("\n");
            if (end >= 0) {
                return text.substring(0, end);
            }
            length = Streams.read(reader, piece);
        }
        return text.toString();
    }
}
