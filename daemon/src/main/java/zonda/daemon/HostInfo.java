package zonda.daemon;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.base.StateFile;

/** What sysinfo(8) tells of the host, read from proc(5) and sysfs when asked. */
final class HostInfo {
    private static final Path DMI = Path.of("/sys/class/dmi/id");
    private static final Path NET = Path.of("/sys/class/net");

    private final DaemonConfig config;
    private final String serverUuid;
    private final String liveImage;

    HostInfo(DaemonConfig config, String serverUuid, String liveImage) {
        this.config = config;
        this.serverUuid = serverUuid;
        this.liveImage = liveImage;
    }

    Json.Obj json() {
        List<String> cpu = lines(Path.of("/proc/cpuinfo"));
        long processors =
                cpu.stream().filter(line -> line.startsWith("processor")).count();
        String flags = find(cpu, "flags").orElse("");
        boolean hardware = flags.matches(".*\\b(vmx|svm)\\b.*") && Files.isWritable(Path.of("/dev/kvm"));
        return Json.object()
                .with("Live Image", liveImage)
                .with("System Type", "Linux")
                .with("Boot Time", find(lines(Path.of("/proc/stat")), "btime").orElse(""))
                .with("SDC Version", "7.0")
                .with("Manufacturer", dmi("sys_vendor"))
                .with("Product", dmi("product_name"))
                .with("Serial Number", dmi("product_serial"))
                .with("SKU Number", dmi("product_sku"))
                .with("HW Version", dmi("product_version"))
                .with("HW Family", dmi("product_family"))
                .with("Setup", "true")
                .with("VM Capable", hardware)
                .with("Bhyve Capable", false)
                .with("CPU Type", find(cpu, "model name").orElse("unknown"))
                .with("CPU Virtualization", hardware ? (flags.contains("vmx") ? "vmx" : "svm") : "none")
                .with("CPU Physical Cores", 1)
                .with("Admin NIC Tag", "")
                .with("UUID", serverUuid)
                .with("Hostname", HostWiring.hostname())
                .with("CPU Total Cores", processors)
                .with("CPU Online Count", processors)
                .with("CPU Count", processors)
                .with("MiB of Memory", String.valueOf(memoryMiB()))
                .with("Zpool", config.pool().name())
                .with(
                        "Zpool Disks",
                        String.join(
                                ",",
                                config.pool().devices().stream()
                                        .map(Path::toString)
                                        .toList()))
                .with("Zpool Profile", config.pool().devices().size() > 1 ? "mirror" : "striped")
                .with("Boot Parameters", Json.object())
                .with("Network Interfaces", networkInterfaces())
                .with("Virtual Network Interfaces", Json.object())
                .with("Link Aggregations", Json.object());
    }

    private static long memoryMiB() {
        return find(lines(Path.of("/proc/meminfo")), "MemTotal")
                .map(text -> Long.parseLong(text.replaceAll("[^0-9]", "")) / 1024)
                .orElse(0L);
    }

    private static Json.Obj networkInterfaces() {
        Json.Obj found = Json.object();
        try (Stream<Path> links = Files.list(NET)) {
            for (Path link : links.filter(path -> Files.exists(path.resolve("device")))
                    .sorted()
                    .toList()) {
                found = found.with(
                        String.valueOf(link.getFileName()),
                        Json.object()
                                .with("MAC Address", text(link.resolve("address")))
                                .with("Link Status", text(link.resolve("operstate")))
                                .with("NIC Names", new Json.Arr(List.of())));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("list " + NET + ": " + e, e);
        }
        return found;
    }

    private static String dmi(String field) {
        return text(DMI.resolve(field));
    }

    private static String text(Path file) {
        return lines(file).stream().findFirst().map(String::strip).orElse("");
    }

    /** What follows a word, and a colon if there is one, on the first line that begins with it. */
    private static Optional<String> find(List<String> lines, String word) {
        return lines.stream()
                .filter(line -> line.startsWith(word))
                .map(line -> line.substring(word.length()).replaceFirst("^[\\s:]+", ""))
                .findFirst();
    }

    private static List<String> lines(Path file) {
        try {
            return Files.isReadable(file) ? new ArrayList<>(Files.readAllLines(file)) : List.of();
        } catch (IOException e) {
            return StateFile.read(file).map(text -> List.of(text.split("\n"))).orElse(List.of());
        }
    }
}
