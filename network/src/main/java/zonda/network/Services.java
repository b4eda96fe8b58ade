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

/** The name services of the instance's etherstubs; each has a directory named after its etherstub. */
final class Services {
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
                service.start();
                byStub.put(stub.name(), service);
            }
        });
        byStub.keySet().retainAll(served);
        for (Path leftover : directories()) {
            if (!served.contains(String.valueOf(leftover.getFileName()))) {
                remove(leftover);
            }
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
