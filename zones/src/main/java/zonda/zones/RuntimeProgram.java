package zonda.zones;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import zonda.base.FileVersion;
import zonda.kernel.KernelException;
import zonda.kernel.SealedProgram;

/**
 * The runtime's program as it is run: from a sealed copy that this daemon holds, so that the runtime need not make one
 * of itself at each start, half of what the start takes. Any thread may call it.
 */
final class RuntimeProgram {
    private static final System.Logger LOG = System.getLogger(RuntimeProgram.class.getName());

    private final Path file;
    /** Leads to the copy, and has the program's name, by which processes are known to who looks at them. */
    private final Path link;

    private Optional<Copy> copy = Optional.empty();

    private record Copy(SealedProgram program, FileVersion version) {}

    /** @param directory of this daemon alone, where the copy is found */
    RuntimeProgram(Path file, Path directory) {
        this.file = file;
        this.link = directory.resolve(String.valueOf(file.getFileName()));
    }

    Path file() {
        return file;
    }

    /** What to execute: a copy of the program as it is installed now, or that itself where no copy may be executed. */
    synchronized Path current() {
        try {
            FileVersion installed = FileVersion.of(file);
            if (copy.filter(held -> held.version().equals(installed)).isEmpty()) {
                renew(installed);
            }
            return link;
        } catch (KernelException e) {
            LOG.log(System.Logger.Level.DEBUG, "no copy of " + file + " in memory: " + e.getMessage());
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException("link " + link + ": " + e, e);
        }
    }

    private void renew(FileVersion installed) throws IOException {
        SealedProgram program = SealedProgram.of(file);
        Path fresh = link.resolveSibling(link.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        Files.createSymbolicLink(fresh, program.path());
        Files.move(fresh, link, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        copy.ifPresent(old -> old.program().close());
        copy = Optional.of(new Copy(program, installed));
    }
}
