package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Command;
import zonda.kernel.Loop;

/** Looks for pools on devices and in files. */
final class Importables {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private Importables() {}

    static List<ImportablePool> find(List<Path> places, List<Pool> open) {
        Set<Path> taken = new HashSet<>();
        open.forEach(pool -> taken.addAll(VdevChecks.members(pool)));
        Map<String, List<VdevLabel>> found = new LinkedHashMap<>();
        for (VdevLabel label : places.isEmpty() ? VdevLabel.ofDisks() : labels(places)) {
            Path member = VdevChecks.real(label.path());
            boolean isTaken = taken.contains(member) || taken.contains(Path.of(Members.member(member.toString())));
            if (label.pool().isPresent() && !isTaken) {
                found.computeIfAbsent(label.uuid(), _ -> new ArrayList<>()).add(label);
            }
        }
        return found.entrySet().stream()
                .map(one -> pool(one.getKey(), one.getValue()))
                .toList();
    }

    private static ImportablePool pool(String uuid, List<VdevLabel> labels) {
        VdevLabel any = labels.getFirst();
        return new ImportablePool(
                any.pool().orElseThrow(),
                uuid,
                labels.stream()
                        .map(label -> VdevChecks.real(label.path()))
                        .distinct()
                        .toList(),
                devices(any.path()));
    }

    /** How many devices the filesystem has, by its superblock. */
    private static long devices(Path member) {
        return Command.of("btrfs", "inspect-internal", "dump-super", member.toString())
                .run(LIMIT)
                .out()
                .lines()
                .filter(line -> line.startsWith("num_devices"))
                .map(line -> line.replaceAll("\\D", ""))
                .filter(number -> !number.isEmpty())
                .mapToLong(Long::parseLong)
                .findFirst()
                .orElse(1);
    }

    private static List<VdevLabel> labels(List<Path> places) {
        List<VdevLabel> labels = new ArrayList<>();
        for (Path place : places) {
            if (!Files.isDirectory(place)) {
                VdevLabel.of(place).ifPresent(labels::add);
                continue;
            }
            try (Stream<Path> entries = Files.list(place)) {
                entries.filter(Importables::canHoldOne)
                        .sorted()
                        .flatMap(entry -> VdevLabel.of(entry).stream())
                        .forEach(labels::add);
            } catch (IOException e) {
                throw new UncheckedIOException("list " + place + ": " + e, e);
            }
        }
        return labels;
    }

    private static boolean canHoldOne(Path path) {
        try {
            if (Files.isRegularFile(path)) {
                return Files.size(path) >= 1 << 20;
            }
            int mode = (Integer) Files.getAttribute(path, "unix:mode");
            return (mode & 0170000) == 0060000;
        } catch (IOException e) {
            return false;
        }
    }

    /** @throws OpException CONFLICT when another instance, or somebody else, has it mounted */
    static void refuseMounted(ImportablePool pool) {
        for (Path member : pool.members()) {
            String device = Loop.find(member).orElse(member).toString();
            zonda.kernel.Mounts.list().stream()
                    .filter(mount -> mount.source().equals(device))
                    .findFirst()
                    .ifPresent(mount -> {
                        throw new OpException(
                                Code.CONFLICT,
                                "cannot import '" + pool.name() + "': pool is in use: " + device + " is mounted on "
                                        + mount.target());
                    });
        }
        Path uuid = Path.of("/sys/fs/btrfs", pool.uuid());
        if (Files.exists(uuid)) {
            throw new OpException(
                    Code.CONFLICT,
                    "cannot import '" + pool.name() + "': pool is in use: a copy of it is mounted somewhere");
        }
    }
}
