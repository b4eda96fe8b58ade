package zonda.metadata;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.regex.Pattern;

/**
 * The metadata sockets of all zones: {@code ZONECONTROL/ZONENAME/metadata.sock}.
 *
 * <p>A zone is shown its directory, not the socket, so that it finds the one of a restarted daemon at the same place. The
 * directory belongs to the host's root, and a zone can change nothing in it, even if it were shown to it writable; the
 * directory above can be passed by no other user of the host.
 */
public final class MetadataService implements AutoCloseable {
    private static final String SOCKET = "metadata.sock";
    private static final Pattern ZONE_NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}");

    private final Path zonecontrol;
    private final MetadataLimits limits;
    private final Map<String, ZoneSocket> sockets = new ConcurrentHashMap<>();
    private final ScheduledThreadPoolExecutor deadlines = new ScheduledThreadPoolExecutor(
            1, Thread.ofVirtual().name("metadata-deadlines").factory());

    /** @param zonecontrol the instance's {@code /var/zonecontrol} */
    public MetadataService(Path zonecontrol) {
        this(zonecontrol, MetadataLimits.USUAL);
    }

    public MetadataService(Path zonecontrol, MetadataLimits limits) {
        this.zonecontrol = zonecontrol;
        this.limits = limits;
        deadlines.setRemoveOnCancelPolicy(true);
    }

    /** What the zone's runtime shows to it as {@code /native/.zonecontrol} and {@code /.zonecontrol}. */
    public Path directory(String zonename) {
        if (!ZONE_NAME.matcher(zonename).matches()) {
            throw new IllegalArgumentException("not a zone name: " + zonename);
        }
        return zonecontrol.resolve(zonename);
    }

    /**
     * Serves a zone from now on; one that is served already is served anew.
     *
     * @param rootUid the user on the host that is root in the zone
     */
    public void open(String zonename, long rootUid, VmMetadata metadata) {
        Path directory = directory(zonename);
        sockets.compute(zonename, (_, old) -> {
            if (old != null) {
                old.close();
            }
            try {
                makeDirectory(zonecontrol, "rwx------");
                makeDirectory(directory, "rwx--x--x");
                return ZoneSocket.open(directory.resolve(SOCKET), rootUid, metadata, limits, deadlines);
            } catch (IOException e) {
                throw new UncheckedIOException("serve metadata in " + directory + ": " + e, e);
            }
        });
    }

    private static void makeDirectory(Path path, String mode) throws IOException {
        Files.createDirectories(path);
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(path + " is not a directory");
        }
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    /** Serves the zone no longer, and takes its directory away. Fine when there is none. */
    public void close(String zonename) {
        Path directory = directory(zonename);
        sockets.computeIfPresent(zonename, (_, socket) -> {
            socket.close();
            return null;
        });
        try {
            Files.deleteIfExists(directory.resolve(SOCKET));
            Files.deleteIfExists(directory);
        } catch (NoSuchFileException | DirectoryNotEmptyException _) {
            // Gone, or someone keeps something there.
        } catch (IOException e) {
            throw new UncheckedIOException("remove " + directory + ": " + e, e);
        }
    }

    /** Ends all connections. The directories stay, for the next daemon's sockets. */
    @Override
    public void close() {
        sockets.values().forEach(ZoneSocket::close);
        sockets.clear();
        deadlines.shutdownNow();
    }
}
