package zonda.daemon;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import zonda.base.Json;
import zonda.network.Networks;
import zonda.storage.Dataset;
import zonda.storage.Pool;

/** What sysinfo(8) tells of the host, read from proc(5) and sysfs when asked. */
final class HostInfo {
    private static final String ADMIN = "admin";
    private static final long GIB = 1L << 30;
    private static final long GB = 1_000_000_000;
    private static final int SECTOR = 512;

    private final DaemonConfig config;
    private final Pool pool;
    private final Networks networks;
    private final String serverUuid;
    private final String liveImage;

    HostInfo(DaemonConfig config, Pool pool, Networks networks, String serverUuid, String liveImage) {
        this.config = config;
        this.pool = pool;
        this.networks = networks;
        this.serverUuid = serverUuid;
        this.liveImage = liveImage;
    }

    Json.Obj json() {
        HostCpu cpu = HostCpu.read();
        List<Networks.Tag> tags = networks.tags();
        var links = new HostLinks(tags);
        boolean hardware = cpu.hasVirtualization() && Files.isWritable(Path.of("/dev/kvm"));
        Json.Obj all = Json.object()
                .with("Live Image", liveImage)
                .with("System Type", "Linux")
                .with(
                        "Boot Time",
                        HostFile.value(Path.of("/proc/stat"), "btime").orElse(""))
                .with("SDC Version", "7.0")
                .with("Manufacturer", dmi("sys_vendor"))
                .with("Product", dmi("product_name"))
                .with("Serial Number", dmi("product_serial"))
                .with("SKU Number", dmi("product_sku"))
                .with("HW Version", dmi("product_version"))
                .with("HW Family", dmi("product_family"))
                .with("Setup", "true")
                .with("VM Capable", hardware)
                .with("Bhyve Capable", hardware)
                .with("HVM API", hardware)
                .with("CPU Type", cpu.model())
                .with("CPU Virtualization", cpu.virtualization())
                .with("CPU Physical Cores", cpu.sockets())
                .with("Admin NIC Tag", tags.stream().anyMatch(tag -> tag.name().equals(ADMIN)) ? ADMIN : "")
                .with("Admin IP", adminAddress(links))
                .with("UUID", serverUuid)
                .with("Hostname", HostWiring.hostname())
                .with("CPU Total Cores", cpu.online())
                .with("CPU Socket Count", cpu.sockets())
                .with("CPU Core Count", cpu.cores())
                .with("CPU Online Count", cpu.online())
                .with("CPU Count", cpu.present())
                .with("MiB of Memory", String.valueOf(memoryMiB()));
        return withPool(all)
                .with("Disks", disks())
                .with("Boot Parameters", bootParameters())
                .with("Network Interfaces", links.physical())
                .with("Virtual Network Interfaces", links.virtual())
                .with("Link Aggregations", links.aggregations());
    }

    private String adminAddress(HostLinks links) {
        return config.adminAddress()
                .map(InetAddress::getHostAddress)
                .or(() -> links.addressOn(ADMIN))
                .orElse("");
    }

    private Json.Obj withPool(Json.Obj all) {
        String name = pool.config().name();
        long created =
                pool.datasets().find(name).map(Dataset::created).orElseThrow().getEpochSecond();
        return all.with("Zpool", name)
                .with("Zpool Encrypted", false)
                .with(
                        "Zpool Disks",
                        pool.vdevs().stream()
                                .map(vdev -> vdev.path().replaceFirst("^/dev/", ""))
                                .collect(Collectors.joining(",")))
                .with("Zpool Profile", pool.vdevs().size() > 1 ? "mirror" : "striped")
                .with("Zpool Creation", created)
                .with("Zpool Size in GiB", pool.size().value() / GIB);
    }

    /** Those of hardware, or of what a host has in its place. */
    private static Json.Obj disks() {
        Json.Obj found = Json.object();
        for (Path disk : HostFile.list(Path.of("/sys/block"))) {
            long sectors = HostFile.number(disk.resolve("size"));
            if (Files.exists(disk.resolve("device")) && sectors > 0) {
                found = found.with(
                        String.valueOf(disk.getFileName()), Json.object().with("Size in GB", sectors * SECTOR / GB));
            }
        }
        return found;
    }

    /** Words of the kernel's command line; those without a value have an empty one. */
    private static Json.Obj bootParameters() {
        Json.Obj parameters = Json.object();
        for (String word : HostFile.text(Path.of("/proc/cmdline")).split(" +")) {
            int equals = word.indexOf('=');
            String name = equals < 0 ? word : word.substring(0, equals);
            if (!name.isEmpty()) {
                parameters = parameters.with(name, equals < 0 ? "" : word.substring(equals + 1));
            }
        }
        return parameters;
    }

    private static long memoryMiB() {
        Optional<String> total = HostFile.value(Path.of("/proc/meminfo"), "MemTotal");
        return total.map(text -> Long.parseLong(text.replaceAll("[^0-9]", "")) / 1024)
                .orElse(0L);
    }

    private static String dmi(String field) {
        return HostFile.text(Path.of("/sys/class/dmi/id").resolve(field));
    }
}
