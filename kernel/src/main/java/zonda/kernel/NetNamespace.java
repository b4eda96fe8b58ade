package zonda.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** A network namespace, network_namespaces(7), held open: it lives on while this is open, whoever leaves it. */
public final class NetNamespace implements AutoCloseable {
    private static final int CLONE_NEWNET = 0x40000000;

    /** setns(2): moves the calling thread only, so it runs on threads of its own. */
    private static final CFunction SETNS = CFunction.of("setns");

    private final Fd fd;

    private NetNamespace(Fd fd) {
        this.fd = fd;
    }

    /** @throws KernelException ENOENT when there is no such process */
    public static NetNamespace ofProcess(long pid) {
        return new NetNamespace(Fd.open(Path.of("/proc/" + pid + "/ns/net"), Fd.O_RDONLY, 0));
    }

    /** Whether the process is in the namespace of this JVM. */
    public static boolean isOurs(long pid) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/net"))
                    .equals(Files.readSymbolicLink(Path.of("/proc/self/ns/net")));
        } catch (IOException e) {
            throw new UncheckedIOException("read /proc/" + pid + "/ns/net: " + e, e);
        }
    }

    /**
     * Runs the work on a thread that is inside the namespace: sockets it opens stay there, and {@code /proc/sys/net} is
     * the namespace's.
     *
     * @throws KernelException as setns(2)
     */
    public <T> T call(Callable<T> work) {
        return Blocking.onOwnThread("in-netns", () -> {
            SETNS.call("setns", fd, fd.number(), CLONE_NEWNET);
            return work.call();
        });
    }

    int number() {
        return fd.number();
    }

    @Override
    public void close() {
        fd.close();
    }

    @Override
    public String toString() {
        return fd.toString();
    }
}
