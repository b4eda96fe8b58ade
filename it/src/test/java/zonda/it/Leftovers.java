package zonda.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;
import zonda.base.Await;
import zonda.kernel.Command;

/** What there is of an instance on the machine, in the machine's own words: mounts, links, groups, processes, files. */
final class Leftovers {
    private static final long IDS_OF_ALL_ZONES = Identity.ZONES * Identity.RANGE;

    private final Identity identity;
    private final Duration patience;

    /** @param patience how long things may take to go away: the kernel does some of it later */
    Leftovers(Identity identity, Duration patience) {
        this.identity = identity;
        this.patience = patience;
    }

    /** What of the whole instance is left after its tear-down. */
    List<String> ofInstance() {
        return settled(() -> {
            List<String> found = new ArrayList<>(mounts());
            found.addAll(loops());
            found.addAll(links(""));
            found.addAll(tables());
            found.addAll(groups("*"));
            found.addAll(processes(identity.root().toString()));
            found.addAll(zoneProcesses());
            found.addAll(sockets());
            return found;
        });
    }

    /** What of zones is left while the instance is there and should have none. */
    List<String> ofZones() {
        return settled(() -> {
            List<String> found = new ArrayList<>(links("........[.].*"));
            found.addAll(groups("????????-*"));
            found.addAll(processes(identity.root().resolve("run/zonda/zones").toString()));
            found.addAll(zoneProcesses());
            for (String directory : List.of(
                    "run/zonda/zones", "run/zonda/exits", "run/zonda/runtime", "etc/zones", "var/lib/zonda/journal")) {
                found.addAll(files(identity.root().resolve(directory)));
            }
            found.addAll(files(identity.root().resolve("run/zonda")).stream()
                    .filter(name -> name.contains("/exec-"))
                    .toList());
            return found;
        });
    }

    /** The same for one of them, while others run. */
    List<String> of(UUID zone) {
        String name = zone.toString();
        return settled(() -> {
            List<String> found = new ArrayList<>(links(name.substring(0, 8) + "[.].*"));
            found.addAll(groups(name));
            found.addAll(processes(name));
            for (String directory :
                    List.of("run/zonda/zones", "run/zonda/exits", "run/zonda/runtime", "etc/zones", "zones")) {
                found.addAll(files(identity.root().resolve(directory)).stream()
                        .filter(file -> file.contains(name))
                        .toList());
            }
            mounts().stream().filter(mount -> mount.contains(name)).forEach(found::add);
            return found;
        });
    }

    private List<String> settled(Supplier<List<String>> look) {
        Await.until(patience, () -> look.get().isEmpty());
        return look.get();
    }

    private List<String> mounts() {
        return read(Path.of("/proc/self/mountinfo"))
                .orElse("")
                .lines()
                .filter(line -> line.contains(identity.root().toString()))
                .map(line -> "mount: " + line)
                .toList();
    }

    private List<String> loops() {
        List<String> found = new ArrayList<>();
        for (Path device : list(Path.of("/sys/block"))) {
            read(device.resolve("loop/backing_file"))
                    .filter(file -> file.contains(identity.root().toString()))
                    .ifPresent(file -> found.add("loop: " + device.getFileName() + " of " + file.strip()));
        }
        return found;
    }

    private List<String> sockets() {
        return read(Path.of("/proc/net/unix"))
                .orElse("")
                .lines()
                .filter(line -> line.contains(identity.root().toString()))
                .map(line -> "socket: " + line.replaceFirst(".* /", "/"))
                .distinct()
                .toList();
    }

    /** @param rest pattern of what follows the prefix; empty for anything */
    private List<String> links(String rest) {
        String wanted = identity.prefix() + (rest.isEmpty() ? ".*" : rest);
        return list(Path.of("/sys/class/net")).stream()
                .map(link -> link.getFileName().toString())
                .filter(name -> name.matches(wanted))
                .map(name -> "link: " + name)
                .toList();
    }

    private List<String> tables() {
        return Command.of("nft", "list", "tables")
                .check(Duration.ofSeconds(10))
                .lines()
                .filter(line -> line.endsWith(" zonda_" + identity.prefix()))
                .toList();
    }

    /** @param child of the instance's group, a shell's pattern; * for the group itself too */
    private List<String> groups(String child) {
        List<String> found = new ArrayList<>();
        for (Path hierarchy : list(Path.of("/sys/fs/cgroup"))) {
            Path group = hierarchy.resolve(identity.cgroup());
            if (child.equals("*") && Files.isDirectory(group)) {
                found.add("cgroup: " + group);
            }
            var matcher = group.getFileSystem().getPathMatcher("glob:" + child);
            list(group).stream()
                    .filter(Files::isDirectory)
                    .filter(path -> matcher.matches(path.getFileName()))
                    .forEach(path -> found.add("cgroup: " + path));
        }
        return found;
    }

    private static List<String> processes(String word) {
        List<String> found = new ArrayList<>();
        for (Path process : numbered()) {
            read(process.resolve("cmdline"))
                    .map(line -> line.replace('\0', ' '))
                    .filter(line -> line.contains(word) && !line.contains("zonda.daemon.Zondad"))
                    .ifPresent(line -> found.add("process: " + process.getFileName() + " " + line));
        }
        return found;
    }

    /** Processes that run under the instance's ids. */
    private List<String> zoneProcesses() {
        List<String> found = new ArrayList<>();
        for (Path process : numbered()) {
            String status = read(process.resolve("status")).orElse("");
            status.lines()
                    .filter(line -> line.startsWith("Uid:"))
                    .map(line -> Long.parseLong(line.split("\\s+")[1]))
                    .filter(uid -> uid >= identity.idBase() && uid < identity.idBase() + IDS_OF_ALL_ZONES)
                    .forEach(uid -> found.add("process: " + process.getFileName() + " of uid " + uid));
        }
        return found;
    }

    private static List<Path> numbered() {
        return list(Path.of("/proc")).stream()
                .filter(path -> path.getFileName().toString().matches("[0-9]+"))
                .toList();
    }

    private static List<String> files(Path directory) {
        return list(directory).stream().map(path -> "file: " + path).toList();
    }

    private static List<Path> list(Path directory) {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (java.nio.file.NotDirectoryException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Optional<String> read(Path file) {
        try {
            return Optional.of(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
