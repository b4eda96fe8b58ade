package zonda.vm;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.Mac;
import zonda.base.OpException;
import zonda.images.Manifest;
import zonda.images.OciConfig;
import zonda.kernel.Signals;
import zonda.network.NicAddress;
import zonda.network.NicProtection;
import zonda.network.NicSpec;
import zonda.network.ZoneNetwork;
import zonda.zones.InitProgram;
import zonda.zones.ZoneExec;
import zonda.zones.ZoneSpec;

/** Says a VM's properties in the words of the runtime and of the network. */
final class ZoneSpecs {
    private final Host host;

    ZoneSpecs(Host host) {
        this.host = host;
    }

    ZoneSpec zone(VmRecord vm, Path zonepath) {
        Path root = zonepath.resolve("root");
        try (GuestRoot guest = GuestRoot.open(root)) {
            VmConfig config = vm.config();
            return new ZoneSpec(
                            config.uuid(),
                            config.zonename(),
                            config.hostname(),
                            root,
                            vm.ids(),
                            init(config, guest),
                            config.limits(),
                            removedPrivileges(config),
                            List.of(
                                    new ZoneSpec.Bind(host.nativeTree(), "/native", true),
                                    new ZoneSpec.Bind(
                                            host.metadata().directory(vm.uuid()), "/native/.zonecontrol", false),
                                    new ZoneSpec.Bind(host.metadata().directory(vm.uuid()), "/.zonecontrol", false)))
                    .logLimit(logLimit(config));
        }
    }

    private static long logLimit(VmConfig vm) {
        long bytes = vm.properties().integer("zlog_max_size", 0);
        return bytes == 0 ? ZoneSpec.USUAL_LOG_LIMIT : bytes;
    }

    /** @throws OpException FAILED when the image has neither init nor command */
    private InitProgram init(VmConfig vm, GuestRoot guest) {
        if (Docker.is(vm)) {
            return new DockerProgram(vm, ociConfig(vm), guest).program();
        }
        String path = vm.properties().string("init_name", "/sbin/init");
        Optional<InitProgram.Machine> machine = guest.init(path);
        if (machine.isPresent()) {
            return machine.get();
        }
        if (vm.properties().has("init_name")) {
            throw new OpException(Code.FAILED, "init_name " + path + " is not in the image");
        }
        return ociConfig(vm)
                .map(config -> application(config, guest))
                .orElseThrow(() -> new OpException(
                        Code.FAILED, "the image has neither " + path + " nor a command of its own; set init_name"));
    }

    private Optional<OciConfig> ociConfig(VmConfig vm) {
        return vm.imageUuid()
                .flatMap(uuid -> host.images().find(uuid, vm.zpool()))
                .flatMap(Manifest::ociConfig);
    }

    private static InitProgram application(OciConfig config, GuestRoot guest) {
        if (config.arguments().isEmpty()) {
            throw new OpException(
                    Code.FAILED, "the image has neither /sbin/init nor a command of its own; set init_name");
        }
        Map<String, String> environment = new LinkedHashMap<>();
        config.environment().forEach(entry -> DockerProgram.put(environment, entry));
        return new InitProgram.Application(
                config.arguments(),
                environment,
                config.workingDirectory().orElse("/"),
                config.user().map(user -> user(user, guest)).orElse(ZoneExec.User.ROOT),
                config.stopSignal().flatMap(Signals::parse).orElse(Signals.SIGTERM),
                InitProgram.Streams.CONSOLE,
                false);
    }

    /** An image names its user by name or number; the runtime takes numbers. */
    private static ZoneExec.User user(String words, GuestRoot guest) {
        return guest.containerUser(words)
                .map(user -> new ZoneExec.User(user.uid(), user.gid(), user.groups()))
                .orElseThrow(() -> new OpException(
                        Code.FAILED,
                        "the image wants user \"" + words + "\", who is not in its /etc/passwd and /etc/group"));
    }

    private static Set<String> removedPrivileges(VmConfig vm) {
        Set<String> removed = new TreeSet<>();
        for (String word : vm.properties().array("limit_priv").strings()) {
            if (word.startsWith("-") || word.startsWith("!")) {
                removed.add(word.substring(1));
            } else {
                removed.remove(word);
            }
        }
        return removed;
    }

    static ZoneNetwork network(VmRecord record) {
        VmConfig vm = record.config();
        List<NicSpec> nics = new ArrayList<>();
        for (Json.Obj nic : Nics.links(vm.nics())) {
            nics.add(nic(vm, nic, nics.size()));
        }
        List<String> names = new ArrayList<>(List.of(vm.hostname()));
        vm.alias().filter(alias -> !alias.equals(vm.hostname())).ifPresent(names::add);
        Map<String, String> routes = new LinkedHashMap<>();
        vm.properties().object("routes").members().forEach((destination, gateway) -> {
            if (gateway instanceof Json.Str(String text)) {
                routes.put(destination, text);
            }
        });
        Optional<ZoneNetwork.Emulator> emulator =
                vm.brand().isHvm() ? Optional.of(HvmSpecs.emulator(record)) : Optional.empty();
        return new ZoneNetwork(vm.uuid(), names, nics, routes, emulator);
    }

    private static NicSpec nic(VmConfig vm, Json.Obj nic, int index) {
        return new NicSpec(
                vm.uuid(),
                index,
                nic.string("interface", "net" + index),
                Mac.parse(nic.string("mac", "")),
                nic.string("nic_tag", ""),
                (int) nic.integer("vlan_id", 0),
                nic.integer("mtu").map(mtu -> OptionalInt.of(mtu.intValue())).orElse(OptionalInt.empty()),
                nic.array("ips").strings().stream().map(NicAddress::parse).toList(),
                nic.array("gateways").strings().stream().map(Cidr::parseAddress).toList(),
                nic.bool("primary", false),
                protection(nic));
    }

    static NicProtection protection(Json.Obj nic) {
        Set<NicProtection.Allowed> allowed = new TreeSet<>();
        for (NicProtection.Allowed kind : NicProtection.Allowed.values()) {
            String property = kind == NicProtection.Allowed.DHCP_SERVER
                    ? "dhcp_server"
                    : "allow_" + kind.name().toLowerCase(java.util.Locale.ROOT);
            if (nic.bool(property, false)) {
                allowed.add(kind);
            }
        }
        return new NicProtection(
                allowed,
                nic.array("allowed_ips").strings().stream()
                        .map(Cidr::parseOrHost)
                        .toList(),
                new TreeSet<>(nic.array("blocked_outgoing_ports").strings().stream()
                        .map(Integer::valueOf)
                        .toList()));
    }
}
