package zonda.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A program's copy in memory that nobody can change: memfd_create(2), sealed by fcntl(2).
 *
 * <p>OCI runtimes keep a container from writing to their file by way of /proc/PID/exe (CVE-2019-5736): they copy
 * themselves at each start and start again from the copy, unless they find that they are such a one already.
 */
public final class SealedProgram implements AutoCloseable {
    /** fcntl(2). */
    private static final CFunction FCNTL = CFunction.of("fcntl");

    /** linux/fcntl.h. */
    private static final int F_ADD_SEALS = 1033;
    /** F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE. */
    private static final int ALL_SEALS = 0xf;

    /** linux/memfd.h. */
    private static final int MFD_ALLOW_SEALING = 0x2;
    /** Linux 6.3. */
    private static final int MFD_EXEC = 0x10;

    private final Fd file;

    private SealedProgram(Fd file) {
        this.file = file;
    }

    /** @throws KernelException EACCES where the host lets no file in memory be executed: the sysctl vm.memfd_noexec */
    public static SealedProgram of(Path program) {
        String name = String.valueOf(program.getFileName());
        Fd file = Fd.inMemory(name, MFD_ALLOW_SEALING | MFD_EXEC, MFD_ALLOW_SEALING);
        try {
            Files.write(file.procPath(), Files.readAllBytes(program));
            FCNTL.call("fcntl", file, file.number(), F_ADD_SEALS, ALL_SEALS);
            return new SealedProgram(file);
        } catch (IOException e) {
            file.close();
            throw new UncheckedIOException("copy " + program + ": " + e, e);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Where it is executed from, by any process of this pid namespace, until it is closed. */
    public Path path() {
        return file.procPath();
    }

    /** What runs of it goes on. */
    @Override
    public void close() {
        file.close();
    }
}
