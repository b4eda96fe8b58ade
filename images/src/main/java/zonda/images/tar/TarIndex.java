package zonda.images.tar;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where the files of an archive are in it, for reading them in any order without unpacking it. A compressed archive is
 * decompressed to a scratch file first, which goes with it. Several threads may read at a time.
 */
public final class TarIndex implements AutoCloseable {
    /** Image archives have a few files per layer. */
    private static final int LIMIT = 100_000;

    private static final int LINKS_FOLLOWED = 8;

    private record Extent(long offset, long size) {}

    /** Where a file's bytes are: in another file, for as long as the index is open. */
    public record Place(Path file, long offset, long size) {}

    private final Path plain;
    private final FileChannel channel;
    private final Optional<Path> scratch;
    private final Map<String, Extent> files = new HashMap<>();
    private final Map<String, String> links = new HashMap<>();

    private TarIndex(Path plain, Optional<Path> scratch) throws IOException {
        this.plain = plain;
        this.channel = FileChannel.open(plain);
        this.scratch = scratch;
    }

    /**
     * Reads the archive once.
     *
     * @param scratchDirectory where to decompress it, if need be
     * @throws TarException when it isn't a whole archive
     */
    public static TarIndex open(Path file, Path scratchDirectory) throws IOException {
        byte[] first;
        try (InputStream in = Files.newInputStream(file)) {
            first = in.readNBytes(8);
        }
        boolean plain = Compression.of(first) == Compression.NONE;
        Optional<Path> scratch = plain ? Optional.empty() : Optional.of(decompress(file, scratchDirectory));
        TarIndex index = null;
        try {
            index = new TarIndex(scratch.orElse(file), scratch);
            index.read();
            return index;
        } catch (IOException | RuntimeException e) {
            if (index != null) {
                index.close();
            } else if (scratch.isPresent()) {
                Files.deleteIfExists(scratch.get());
            }
            throw e;
        }
    }

    private static Path decompress(Path file, Path directory) throws IOException {
        Path scratch = Files.createTempFile(directory, "archive-", ".tar");
        var space = new FreeSpace(directory);
        byte[] buffer = new byte[256 * 1024];
        try (InputStream in = Compression.open(Files.newInputStream(file));
                OutputStream out = Files.newOutputStream(scratch)) {
            for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
                space.take(got);
                out.write(buffer, 0, got);
            }
            return scratch;
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(scratch);
            throw e;
        }
    }

    private void read() throws IOException {
        // A reader of a channel skips by moving its position, and TarReader reads no further than the headers.
        var tar = new TarReader(Channels.newInputStream(channel));
        for (var next = tar.next(); next.isPresent(); next = tar.next()) {
            TarEntry entry = next.get();
            String name = TarPath.parse(entry.name()).text();
            switch (entry.kind()) {
                case FILE -> {
                    long offset = channel.position();
                    if (entry.size() > channel.size() - offset) {
                        throw new TarException("the archive is cut off");
                    }
                    files.put(name, new Extent(offset, entry.size()));
                }
                case HARD_LINK -> links.put(name, TarPath.parse(entry.link()).text());
                case SYMLINK -> links.put(name, beside(name, entry.link()));
                default -> {
                    // nothing that could be read
                }
            }
            if (files.size() + links.size() > LIMIT) {
                throw new TarException("an archive of more than " + LIMIT + " files");
            }
        }
    }

    /** Older docker saves a layer that occurs twice as a link, {@code ../ID/layer.tar}. */
    private static String beside(String name, String link) {
        Path target = Path.of("/" + name).resolveSibling(link).normalize();
        return target.toString().substring(1);
    }

    /** The names of all files, links apart. */
    public Set<String> names() {
        return Set.copyOf(files.keySet());
    }

    public Optional<Place> place(String name) {
        return find(name).map(extent -> new Place(plain, extent.offset, extent.size));
    }

    public Optional<Long> size(String name) {
        return find(name).map(Extent::size);
    }

    private Optional<Extent> find(String name) {
        String at = name;
        for (int i = 0; i < LINKS_FOLLOWED && links.containsKey(at); i++) {
            at = links.getOrDefault(at, "");
        }
        return Optional.ofNullable(files.get(at));
    }

    /** @throws TarException when the archive has no such file */
    public InputStream open(String name) throws IOException {
        Extent extent = find(name).orElseThrow(() -> new TarException("the archive has no file " + name));
        return new Range(channel, extent.offset, extent.offset + extent.size);
    }

    /** A part of a file, read without moving its position. */
    private static final class Range extends InputStream {
        private final FileChannel channel;
        private final long end;
        private long at;

        Range(FileChannel channel, long from, long end) {
            this.channel = channel;
            this.at = from;
            this.end = end;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (at >= end) {
                return -1;
            }
            int got = channel.read(ByteBuffer.wrap(target, offset, (int) Math.min(length, end - at)), at);
            if (got < 0) {
                throw new TarException("the archive became shorter while it was read");
            }
            at += got;
            return got;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        if (scratch.isPresent()) {
            Files.deleteIfExists(scratch.get());
        }
    }
}
