package zonda.daemon;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import zonda.base.Json;
import zonda.metadata.CustomerMetadata;
import zonda.metadata.MetadataNamespaces;
import zonda.metadata.MetadataService;
import zonda.metadata.VmMetadata;
import zonda.vm.GuestMetadata;

/** The metadata service in the words of VMs: a zone's socket is named by the VM's UUID. */
final class ServedMetadata implements GuestMetadata, AutoCloseable {
    private final MetadataService service;

    ServedMetadata(Path zonecontrol) {
        service = new MetadataService(zonecontrol);
    }

    MetadataService service() {
        return service;
    }

    @Override
    public void serve(UUID uuid, long idBase, Supplier<Json.Obj> vm, GuestWrites guest) {
        var customer = new CustomerMetadata() {
            @Override
            public void put(String key, String value) {
                guest.put(key, value);
            }

            @Override
            public void delete(String key) {
                guest.delete(key);
            }
        };
        service.open(uuid.toString(), idBase, told(new MetadataNamespaces(vm, customer), guest::asked));
    }

    /** The same, of which somebody hears each time that it is asked. */
    private static VmMetadata told(VmMetadata metadata, Runnable asked) {
        return new VmMetadata() {
            @Override
            public Optional<String> get(String key) {
                asked.run();
                return metadata.get(key);
            }

            @Override
            public List<String> keys() {
                asked.run();
                return metadata.keys();
            }

            @Override
            public void put(String key, String value) {
                asked.run();
                metadata.put(key, value);
            }

            @Override
            public void delete(String key) {
                asked.run();
                metadata.delete(key);
            }
        };
    }

    @Override
    public void stop(UUID uuid) {
        service.close(uuid.toString());
    }

    @Override
    public Path directory(UUID uuid) {
        return service.directory(uuid.toString());
    }

    @Override
    public void close() {
        service.close();
    }
}
