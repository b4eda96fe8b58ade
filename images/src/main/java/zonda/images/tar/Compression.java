package zonda.images.tar;

import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.List;
import java.util.Optional;
import zonda.kernel.Command;
import zonda.kernel.FileName;

/**
 * How an archive is compressed, found by its first bytes: what a manifest says of it is often wrong.
 *
 * <p>gzip is the JDK's; for the others the host's program is a stage of a pipe, on its own processor.
 */
public enum Compression {
    NONE(List.of()),
    GZIP(List.of(), 0x1f, 0x8b),
    ZSTD(List.of("zstd", "-dcq"), 0x28, 0xb5, 0x2f, 0xfd),
    XZ(List.of("xz", "-dcq"), 0xfd, '7', 'z', 'X', 'Z', 0),
    BZIP2(List.of("bzip2", "-dcq"), 'B', 'Z', 'h');

    private static final int LONGEST = 6;

    private final List<String> program;
    private final int[] magic;

    Compression(List<String> program, int... magic) {
        this.program = program;
        this.magic = magic;
    }

    /** The content, read ahead. Closing it closes the given stream, and ends the program if one was needed. */
    public static InputStream open(InputStream raw) throws IOException {
        var peeked = new PushbackInputStream(raw, LONGEST);
        byte[] first = peeked.readNBytes(LONGEST);
        peeked.unread(first);
        return ReadAhead.start(of(first).decompress(peeked));
    }

    static Compression of(byte[] first) {
        for (Compression compression : values()) {
            if (compression != NONE && compression.startsAs(first)) {
                return compression;
            }
        }
        return NONE;
    }

    private boolean startsAs(byte[] first) {
        if (first.length < magic.length) {
            return false;
        }
        for (int i = 0; i < magic.length; i++) {
            if ((first[i] & 0xff) != magic[i]) {
                return false;
            }
        }
        return true;
    }

    private InputStream decompress(InputStream in) throws IOException {
        return switch (this) {
            case NONE -> in;
            case GZIP -> new GzipInput(in);
            case ZSTD, XZ, BZIP2 -> new Filter(Command.of(program), in);
        };
    }

    /** A program between two streams. */
    private static final class Filter extends InputStream {
        private final Command command;
        private final InputStream source;
        private final Process process;
        private final InputStream out;
        private final Thread feeder;
        private volatile Optional<IOException> sourceFailed = Optional.empty();
        private boolean ended;

        Filter(Command command, InputStream source) {
            this.command = command;
            this.source = source;
            this.process = command.start();
            this.out = process.getInputStream();
            this.feeder = Thread.ofVirtual().name("feed").start(this::feed);
        }

        private void feed() {
            byte[] buffer = new byte[256 * 1024];
            try (var stdin = process.getOutputStream()) {
                while (true) {
                    int got;
                    try {
                        got = source.read(buffer);
                    } catch (IOException e) {
                        sourceFailed = Optional.of(e);
                        return;
                    }
                    if (got < 0) {
                        return;
                    }
                    stdin.write(buffer, 0, got);
                }
            } catch (IOException e) {
                // It ended before it had read all: its status tells why.
            }
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (ended) {
                return -1;
            }
            int got = out.read(target, offset, length);
            if (got < 0) {
                ended = true;
                checkEnd();
            }
            return got;
        }

        private void checkEnd() throws IOException {
            try {
                int status = process.waitFor();
                feeder.join();
                if (sourceFailed.isPresent()) {
                    throw new IOException(sourceFailed.get().getMessage(), sourceFailed.get());
                }
                if (status != 0) {
                    byte[] said = process.getErrorStream().readNBytes(400);
                    throw new TarException(command + ": exit " + status + ": "
                            + FileName.printable(FileName.decode(said).strip()));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }

        @Override
        public void close() throws IOException {
            process.destroyForcibly();
            try {
                process.waitFor();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            out.close();
            process.getErrorStream().close();
            source.close();
        }
    }
}
