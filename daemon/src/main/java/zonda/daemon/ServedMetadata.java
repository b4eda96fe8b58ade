package zonda.daemon;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.function.Supplier;
import zonda.base.Json;
import zonda.vm.GuestMetadata;

/** The metadata service, as VMs need it. */
final class ServedMetadata implements GuestMetadata, AutoCloseable {
    private final Path directory;

    ServedMetadata(Path directory) {
        this.directory = directory;
    }

    Path guestTree(Path where) {
        try {
            Files.createDirectories(where.resolve(".zonecontrol"));
            return where;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void serve(UUID uuid, long idBase, Supplier<Json.Obj> vm, GuestWrites guest) {
        try {
            Files.createDirectories(directory(uuid));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void stop(UUID uuid) {}

    @Override
    public Path directory(UUID uuid) {
        return directory.resolve(uuid.toString());
    }

    @Override
    public void close() {}
}
