package zonda.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import zonda.base.OpException;

/** The name services of the instance's etherstubs; each has a directory named after its etherstub. */
final class Services {
    private static final System.Logger LOG = System.getLogger(Services.class.getName());

    private final Path directory;
    private final Map<String, NameService> byStub = new ConcurrentHashMap<>();

    Services(NetworkInstance instance) {
        directory = instance.run().resolve("dnsmasq");
    }

    /** Sees to it that these, and no others, are served. @param stubs by bridge */
    void start(Map<String, Etherstub> stubs) {
        List<String> served = new ArrayList<>();
        stubs.forEach((bridge, stub) -> {
            if (stub.isServed()) {
                served.add(stub.name());
                var service = new NameService(directory.resolve(stub.name()), stub, bridge);
                byStub.put(stub.name(), service);
                start(stub, service);
            }
        });
        byStub.keySet().retainAll(served);
        for (Path leftover : directories()) {
            if (!served.contains(String.valueOf(leftover.getFileName()))) {
                remove(leftover);
            }
        }
    }

    /** Without it, zones still have their addresses and routes; the next reconcile tries again. */
    private static void start(Etherstub stub, NameService service) {
        try {
            service.start();
        } catch (OpException e) {
            LOG.log(System.Logger.Level.WARNING, "no DHCP and DNS on etherstub {0}: {1}", stub.name(), e.getMessage());
        }
    }

    /** The one of an etherstub, if it has one. */
    Optional<NameService> of(String stub) {
        return Optional.ofNullable(byStub.get(stub));
    }

    void stopAll() {
        directories().forEach(Services::remove);
        byStub.clear();
    }

    private static void remove(Path directory) {
        NameService.stop(directory);
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("remove " + directory + ": " + e, e);
        }
    }

    private List<Path> directories() {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        } catch (IOException e) {
            throw new UncheckedIOException("list " + directory + ": " + e, e);
        }
    }
}
