package zonda.images;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import zonda.kernel.Command;

/** How the file of a new image is compressed, by the words of manifests. */
public enum Packing {
    NONE("none", "", List.of()),
    GZIP("gzip", ".gz", List.of()),
    BZIP2("bzip2", ".bz2", List.of("bzip2", "-cq")),
    XZ("xz", ".xz", List.of("xz", "-cq"));

    private static final int BUFFER = 64 << 10;

    private final String word;
    private final String suffix;
    private final List<String> program;

    Packing(String word, String suffix, List<String> program) {
        this.word = word;
        this.suffix = suffix;
        this.program = program;
    }

    public static Optional<Packing> find(String word) {
        return Stream.of(values()).filter(packing -> packing.word.equals(word)).findFirst();
    }

    String word() {
        return word;
    }

    String suffix() {
        return suffix;
    }

    /** What writes the content. */
    @FunctionalInterface
    interface Content {
        void write(OutputStream out) throws IOException;
    }

    /** Writes the content compressed. @param out is not closed */
    void pack(Content content, OutputStream out) throws IOException {
        switch (this) {
            case NONE -> content.write(out);
            case GZIP -> {
                var packed = new GZIPOutputStream(out, BUFFER);
                content.write(packed);
                packed.finish();
            }
            case BZIP2, XZ -> byProgram(content, out);
        }
    }

    private void byProgram(Content content, OutputStream out) throws IOException {
        Process process = Command.of(program.toArray(String[]::new)).start();
        try {
            CompletableFuture<Void> copied = CompletableFuture.runAsync(
                    () -> copy(process.getInputStream(), out),
                    task -> Thread.ofVirtual().name("pack").start(task));
            try (OutputStream in = process.getOutputStream()) {
                content.write(in);
            }
            copied.join();
            if (process.waitFor() != 0) {
                throw new IOException(program.getFirst() + ": exit " + process.exitValue());
            }
        } catch (CompletionException e) {
            throw new IOException(program.getFirst() + ": " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
    }

    private static void copy(InputStream from, OutputStream to) {
        try (from) {
            from.transferTo(to);
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }
}
