package zonda.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.LinuxProcess;
import zonda.zones.Zones;

/**
 * The files of a container that its host writes: hosts(5), hostname(5) and resolv.conf(5), in {@code config} of its
 * zonepath, and mounted over its own, so that the image's stay as they are. They are made anew at each boot.
 */
final class DockerFiles {
    private static final List<String> NAMES = List.of("hosts", "hostname", "resolv.conf");

    private final VmConfig vm;
    private final Path directory;

    DockerFiles(VmConfig vm, Path zonepath) {
        this.vm = vm;
        this.directory = zonepath.resolve("config");
    }

    /** Shows them in the zone, whose first program has yet to run. */
    void show(VmRecord record, long initPid, Zones zones) {
        LinuxProcess init = LinuxProcess.find(initPid)
                .orElseThrow(() -> new OpException(Code.FAILED, "the zone ended while it was being made"));
        try (GuestRoot guest = GuestRoot.open(directory.resolveSibling("root"))) {
            for (String name : NAMES) {
                Path at = Path.of("/etc", name);
                guest.makeFile(at);
                zones.show(init, record.ids(), directory.resolve(name), at, Set.of());
            }
        }
    }

    /** In place: a running zone sees what they say now. */
    void write(List<String> resolvers) {
        Map<String, String> texts =
                Map.of("hosts", hosts(), "hostname", vm.hostname() + "\n", "resolv.conf", resolvConf(resolvers));
        try {
            Files.createDirectories(directory);
            for (Map.Entry<String, String> text : texts.entrySet()) {
                Files.writeString(directory.resolve(text.getKey()), text.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("write the files of " + directory + ": " + e, e);
        }
    }

    private String hosts() {
        String name = vm.hostname();
        String full = name + "." + vm.properties().string("dns_domain", "local");
        List<String> lines = new ArrayList<>(List.of(
                "127.0.0.1\tlocalhost",
                "::1\tlocalhost ip6-localhost ip6-loopback",
                address().orElse("127.0.1.1") + "\t" + full + " " + name));
        Docker.text(vm, "docker:linkHosts").ifPresent(text -> text.lines().forEach(lines::add));
        for (String entry : Docker.list(vm, "docker:extraHosts").orElse(List.of())) {
            int colon = entry.indexOf(':');
            if (colon > 0) {
                lines.add(entry.substring(colon + 1) + "\t" + entry.substring(0, colon));
            }
        }
        return String.join("\n", lines) + "\n";
    }

    /** The first static address of its primary NIC. */
    private Optional<String> address() {
        return Nics.links(vm.nics()).stream()
                .filter(nic -> nic.bool("primary", false))
                .flatMap(nic -> nic.array("ips").strings().stream())
                .filter(ip -> ip.contains("/"))
                .map(ip -> ip.substring(0, ip.indexOf('/')))
                .findFirst();
    }

    private String resolvConf(List<String> resolvers) {
        List<String> search = Docker.list(vm, "docker:dnssearch")
                .orElseGet(() -> List.of(vm.properties().string("dns_domain", "local")));
        var text = new StringBuilder();
        if (!search.isEmpty()) {
            text.append("search ").append(String.join(" ", search)).append('\n');
        }
        resolvers.forEach(
                resolver -> text.append("nameserver ").append(resolver).append('\n'));
        return text.toString();
    }
}
