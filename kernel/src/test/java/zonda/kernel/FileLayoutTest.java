package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The C compiler checks our structures and numbers against the kernel's headers. */
class FileLayoutTest {
    @TempDir
    Path directory;

    @Test
    void structures_and_constants_are_those_of_the_kernels_headers() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "no gcc to compile the check with");
        var source = new StringBuilder("""
                #define _GNU_SOURCE
                #include <stddef.h>
                #include <fcntl.h>
                #include <sys/stat.h>
                #include <sys/syscall.h>
                #include <time.h>
                #include <linux/openat2.h>
                #include <linux/falloc.h>
                #include <linux/fs.h>
                #include <unistd.h>
                #define SAME(a, b) _Static_assert((a) == (b), #a)
                """);
        Map.of(
                        "struct statx",
                        FileCalls.STATX,
                        "struct open_how",
                        FileCalls.OPEN_HOW,
                        "struct timespec",
                        FileCalls.TIMESPEC)
                .forEach((type, layout) -> structure(source, type, layout));
        source.append("SAME(SYS_openat2, 437);\n");
        constant(source, "RESOLVE_NO_MAGICLINKS", FileCalls.RESOLVE_NO_MAGICLINKS);
        constant(source, "RESOLVE_NO_SYMLINKS", FileCalls.RESOLVE_NO_SYMLINKS);
        constant(source, "RESOLVE_IN_ROOT", FileCalls.RESOLVE_IN_ROOT);
        constant(source, "AT_FDCWD", FileCalls.AT_FDCWD);
        constant(source, "AT_SYMLINK_NOFOLLOW", FileCalls.AT_SYMLINK_NOFOLLOW);
        constant(source, "AT_REMOVEDIR", FileCalls.AT_REMOVEDIR);
        constant(source, "AT_EMPTY_PATH", FileCalls.AT_EMPTY_PATH);
        constant(source, "FALLOC_FL_KEEP_SIZE", DataFile.FALLOC_FL_KEEP_SIZE);
        constant(source, "FALLOC_FL_PUNCH_HOLE", DataFile.FALLOC_FL_PUNCH_HOLE);
        constant(source, "FICLONE", DataFile.FICLONE);
        constant(source, "SEEK_DATA", DataFile.SEEK_DATA);
        Path file = Files.writeString(directory.resolve("check.c"), source);

        var result = Command.of("gcc", "-fsyntax-only", file.toString()).run(Duration.ofSeconds(30));

        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
    }

    private static void constant(StringBuilder source, String name, long value) {
        source.append("SAME(%s, %d);\n".formatted(name, value));
    }

    private static void structure(StringBuilder source, String type, StructLayout layout) {
        source.append("SAME(sizeof(%s), %d);\n".formatted(type, layout.byteSize()));
        for (MemoryLayout member : layout.memberLayouts()) {
            member.name().ifPresent(name -> {
                String field = name.replaceFirst("^(stx_[cm]time)_nsec$", "$1.tv_nsec");
                source.append("SAME(offsetof(%s, %s), %d);\n".formatted(type, field, FileCalls.at(layout, name)));
            });
        }
    }
}
