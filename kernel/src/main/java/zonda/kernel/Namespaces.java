package zonda.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import zonda.base.Code;
import zonda.base.OpException;

/** Namespaces of the kernel: namespaces(7), unshare(2), user_namespaces(7). */
public final class Namespaces {
    static final int CLONE_NEWNS = 0x20000;
    private static final int CLONE_FS = 0x200;
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** unshare(2). */
    private static final CFunction UNSHARE = CFunction.of("unshare");

    private Namespaces() {}

    /**
     * Gives the calling thread a mount namespace of its own, a copy of the one it was in. Call it on a thread of {@link
     * Blocking#onOwnThread}; what it mounts is seen by that thread and the processes it starts. Follow it by {@link
     * Mounts#makeSlave} of {@code /}, or the mounts still reach the host's namespace where that one is shared.
     */
    public static void unshareMount() {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("a virtual thread has no mount namespace of its own");
        }
        UNSHARE.call("unshare", "mount namespace", CLONE_NEWNS);
    }

    /** Gives the calling thread its own root, working directory and umask: unshare(2), CLONE_FS. */
    static void unshareFilesystemView() {
        UNSHARE.call("unshare", "filesystem view", CLONE_FS);
    }

    /**
     * A user namespace in which users and groups 0 to count - 1 are those from base on outside: what {@link
     * Mounts#idmap} takes. It lives as long as the descriptor. Making one starts a short-lived process, since a process
     * of several threads can not make one itself (unshare(2)); keep and share it.
     *
     * @throws OpException FAILED when user namespaces are switched off or used up
     */
    public static Fd userNamespace(long base, long count) {
        Process inside = Command.of("unshare", "--user", "--", "cat").start();
        try {
            awaitEcho(inside);
            Path proc = Path.of("/proc/" + inside.pid());
            String map = "0 " + base + " " + count;
            Files.writeString(proc.resolve("uid_map"), map);
            Files.writeString(proc.resolve("gid_map"), map);
            return Fd.open(proc.resolve("ns/user"), Fd.O_RDONLY, 0);
        } catch (IOException e) {
            throw new OpException(
                    Code.FAILED,
                    "make a user namespace for ids from " + base + ", " + count + " of them: " + e.getMessage(),
                    e);
        } finally {
            end(inside);
        }
    }

    /** The program that answers is the one exec'd after unshare(2), so it is inside by then. */
    private static void awaitEcho(Process inside) throws IOException {
        OutputStream to = inside.getOutputStream();
        to.write('\n');
        to.flush();
        InputStream from = inside.getInputStream();
        if (from.read() < 0) {
            String said = new String(inside.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            throw new IOException(said.strip());
        }
    }

    private static void end(Process inside) {
        inside.destroyForcibly();
        try (var _ = inside.getOutputStream();
                var _ = inside.getInputStream();
                var _ = inside.getErrorStream()) {
            if (!inside.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new OpException(Code.FAILED, "process " + inside.pid() + " does not end after SIGKILL");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "close the pipes of process " + inside.pid(), e);
        }
    }
}
