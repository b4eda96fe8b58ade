package zonda.vm;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.Mac;
import zonda.base.OpException;
import zonda.zones.Privileges;

/** What must hold between the properties of one VM, and between it and the host: vmadm(8), and its messages. */
final class Rules {
    private static final int MOST_IPS = 20;
    private static final int MOST_ALLOWED_IPS = 13;
    private static final int MOST_ADDRESSES = 32;

    private static final long USUAL_RECORD = 131_072;
    /** FS_USERNS_MOUNT of the kernel's filesystems, and binds. */
    private static final Set<String> MOUNTED_BY_ZONES =
            Set.of("bind", "cgroup2", "devpts", "fuse", "mqueue", "overlay", "proc", "ramfs", "sysfs", "tmpfs");

    private final Surroundings host;

    Rules(Surroundings host) {
        this.host = host;
    }

    /** Checks a complete configuration. */
    void check(VmConfig vm, Findings findings) {
        Json.Obj properties = vm.properties();
        if (!host.poolExists(vm.zpool())) {
            findings.badValue("zpool", "zpool \"" + vm.zpool() + "\" does not exist");
        }
        if (!vm.zonename().matches("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")) {
            findings.badValue("zonename");
        }
        if (!vm.hostname().matches("[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")) {
            findings.badValue("hostname");
        }
        properties.array("resolvers").strings().stream()
                .filter(resolver -> !isAddress(resolver))
                .forEach(resolver -> findings.badValue("resolvers", "Invalid resolver: \"" + resolver + "\""));
        privileges(properties.array("limit_priv").strings(), findings);
        nics(vm.nics(), findings);
        if (vm.brand().isHvm()) {
            MachineRules.check(vm, findings);
        }
        Filesystems.check(Filesystems.of(vm), findings);
        routes(properties.object("routes"), vm.nics(), findings);
        Docker.check(vm, findings);
    }

    /** Says what of a payload is kept, and has no effect on this host. @param pool of the VM, if that is known */
    void warn(Json.Obj payload, Optional<String> pool, Findings findings) {
        boolean isSized = Stream.of("zfs_root_recsize", "zfs_data_recsize")
                .anyMatch(name -> payload.integer(name, USUAL_RECORD) != USUAL_RECORD);
        if (isSized && !host.hasRecords(pool)) {
            findings.warning(
                    "zfs_root_recsize and zfs_data_recsize are kept, and have no effect: btrfs has no records");
        }
        List<String> never = payload.array("fs_allowed").strings().stream()
                .filter(type -> !MOUNTED_BY_ZONES.contains(type))
                .toList();
        if (!never.isEmpty()) {
            findings.warning(
                    "fs_allowed is kept, and has no effect: Linux lets no zone mount " + String.join(", ", never));
        }
    }

    private static void privileges(List<String> limitPriv, Findings findings) {
        for (String word : limitPriv) {
            String privilege = word.replaceFirst("^[-!]", "");
            boolean taken = word.equals("default")
                    || word.equals("all")
                    || Privileges.known().contains(privilege);
            if (!taken) {
                findings.badValue("limit_priv", "Unknown privilege: \"" + privilege + "\"");
            }
        }
    }

    private void nics(List<Json.Obj> nics, Findings findings) {
        Set<String> macs = new HashSet<>();
        Set<String> ips = new HashSet<>();
        Set<String> interfaces = new HashSet<>();
        long primaries = nics.stream().filter(nic -> nic.bool("primary", false)).count();
        if (primaries > 1) {
            findings.badValue("nics.*.primary", "payload specifies more than 1 primary NIC");
        }
        for (int i = 0; i < nics.size(); i++) {
            Json.Obj nic = nics.get(i);
            String path = "nics." + i;
            nic(nic, path, findings);
            nic.string("mac")
                    .filter(mac -> !macs.add(mac))
                    .ifPresent(mac ->
                            findings.badValue(path + ".mac", "Cannot add multiple NICs with the same MAC: " + mac));
            nic.string("interface")
                    .filter(name -> !interfaces.add(name))
                    .ifPresent(name -> findings.badValue(
                            path + ".interface", "Cannot add multiple NICs with the same interface: " + name));
            nic.array("ips").strings().stream()
                    .filter(ip -> ip.contains("/") && !ips.add(ip.replaceAll("/.*", "")))
                    .forEach(ip -> findings.badValue(
                            path + ".ips", "Cannot add multiple NICs with the same IP: " + ip.replaceAll("/.*", "")));
        }
    }

    private void nic(Json.Obj nic, String path, Findings findings) {
        nic.string("mac").filter(mac -> !isMac(mac)).ifPresent(_ -> findings.badValue(path + ".mac"));
        if (nic.has("primary") && !nic.bool("primary", false)) {
            findings.badValue(path + ".primary");
        }
        nic.string("interface")
                .filter(name -> !name.matches("[a-zA-Z][a-zA-Z0-9_]{0,13}[0-9]"))
                .ifPresent(_ -> findings.badValue(path + ".interface"));
        nicTag(nic, path, findings);
        addresses(nic, path, findings);
        for (String port : nic.array("blocked_outgoing_ports").strings()) {
            if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65_535) {
                findings.badValue(path + ".blocked_outgoing_ports");
            }
        }
    }

    private void nicTag(Json.Obj nic, String path, Findings findings) {
        Optional<String> tag = nic.string("nic_tag");
        if (tag.isEmpty()) {
            findings.missing(path + ".nic_tag");
            return;
        }
        if (!tag.get().matches("[a-zA-Z0-9_/]+") || !host.nicTagExists(tag.get())) {
            findings.badValue(path + ".nic_tag", "Invalid nic tag \"" + tag.get() + "\"");
            return;
        }
        OptionalInt most = host.nicTagMtu(tag.get());
        if (nic.has("mtu") && most.isPresent() && nic.integer("mtu", 0) > most.getAsInt()) {
            findings.badValue(
                    path + ".mtu",
                    "MTU " + nic.integer("mtu", 0) + " is more than nic tag \"" + tag.get() + "\" carries: "
                            + most.getAsInt());
        }
    }

    private static void addresses(Json.Obj nic, String path, Findings findings) {
        if (nic.has("ip")) {
            // Only an address whose netmask is missing or wrong is still there.
            findings.badValue(path + ".netmask", "NIC with ip " + nic.string("ip", "") + " needs a netmask");
        }
        List<String> ips = nic.array("ips").strings();
        List<String> allowed = nic.array("allowed_ips").strings();
        ips.stream()
                .filter(ip -> !ip.equals("dhcp") && !ip.equals("addrconf") && !isCidr(ip))
                .forEach(ip -> findings.badValue(
                        path + ".ips",
                        "Invalid IP: \"" + ip + "\" (must be an address with prefix, dhcp or addrconf)"));
        allowed.stream()
                .filter(ip -> !isAddress(ip) && !isCidr(ip))
                .forEach(_ -> findings.badValue(path + ".allowed_ips"));
        nic.array("gateways").strings().stream()
                .filter(gateway -> !isAddress(gateway) || gateway.contains(":"))
                .forEach(gateway ->
                        findings.badValue(path + ".gateways", "Static gateways must be IPv4 addresses: " + gateway));
        if (ips.size() > MOST_IPS) {
            findings.badValue(path + ".ips", "Maximum of " + MOST_IPS + " ips per nic");
        }
        if (allowed.size() > MOST_ALLOWED_IPS) {
            findings.badValue(path + ".allowed_ips", "Maximum of " + MOST_ALLOWED_IPS + " allowed_ips per nic");
        }
        if (ips.size() + allowed.size() > MOST_ADDRESSES) {
            findings.badValue(path + ".ips", "Maximum of " + MOST_ADDRESSES + " ips and allowed_ips per nic");
        }
    }

    private static void routes(Json.Obj routes, List<Json.Obj> nics, Findings findings) {
        routes.members().forEach((destination, gateway) -> {
            if (!isAddress(destination) && !isCidr(destination)) {
                findings.badValue(
                        "routes", "Invalid route destination: \"" + destination + "\" (must be IP address or CIDR)");
            }
            if (!(gateway instanceof Json.Str(String text)) || !isGateway(text, nics)) {
                findings.badValue("routes", "Invalid route gateway: " + gateway.compact());
            }
        });
    }

    private static boolean isGateway(String text, List<Json.Obj> nics) {
        if (text.matches("nics\\[[0-9]+\\]")) {
            String number = text.replaceAll("[^0-9]", "");
            return number.length() < 4
                    && Integer.parseInt(number) < nics.size()
                    && Nics.isStatic(nics.get(Integer.parseInt(number)));
        }
        if (text.matches("macs\\[.*\\]")) {
            String mac = text.substring(5, text.length() - 1);
            return nics.stream().anyMatch(nic -> nic.string("mac", "").equals(mac) && Nics.isStatic(nic));
        }
        return isAddress(text) && !text.contains(":");
    }

    /** @throws OpException when another VM has one of this VM's addresses on the same network */
    void checkConflicts(VmConfig vm) {
        for (VmConfig other : host.vms()) {
            if (!other.uuid().equals(vm.uuid()) && conflicts(vm, other)) {
                throw new OpException(
                        Code.CONFLICT,
                        "Conflict detected with another vm, please check the MAC, IP, and VRID (" + other.uuid() + ")");
            }
            Optional<String> port =
                    other.uuid().equals(vm.uuid()) ? Optional.empty() : MachineRules.conflict(vm, other);
            if (port.isPresent()) {
                throw new OpException(Code.CONFLICT, port.get() + " is that of VM " + other.uuid());
            }
        }
    }

    private static boolean conflicts(VmConfig vm, VmConfig other) {
        return vm.nics().stream()
                .anyMatch(mine -> other.nics().stream().anyMatch(theirs -> {
                    boolean sameNetwork = mine.string("nic_tag").equals(theirs.string("nic_tag"))
                            && mine.integer("vlan_id", 0) == theirs.integer("vlan_id", 0);
                    boolean sameIp = mine.array("ips").strings().stream()
                            .filter(ip -> ip.contains("/"))
                            .map(ip -> ip.replaceAll("/.*", ""))
                            .anyMatch(ip -> theirs.array("ips").strings().stream()
                                    .anyMatch(
                                            their -> their.replaceAll("/.*", "").equals(ip)));
                    return mine.string("mac").equals(theirs.string("mac")) || (sameNetwork && sameIp);
                }));
    }

    /** The brand's image must be installed and of a type that it can run. @throws OpException FAILED saying why not */
    void checkImage(VmConfig vm) {
        if (vm.brand().isHvm()) {
            return; // Disks has looked at theirs.
        }
        String uuid = vm.imageUuid().orElse("");
        Json.Obj manifest = host.image(uuid, vm.zpool())
                .orElseThrow(() -> new OpException(Code.FAILED, "Image " + uuid + " not found in zpool " + vm.zpool()));
        String type = manifest.string("type", "");
        List<String> runnable = List.of("lx-dataset", "docker");
        if (!runnable.contains(type)) {
            throw new OpException(
                    Code.FAILED,
                    "image " + uuid + " is type " + type + ", but must be one of: "
                            + Json.Arr.ofStrings(runnable).compact());
        }
    }

    private static boolean isMac(String text) {
        try {
            return !Mac.parse(text).isMulticast();
        } catch (OpException e) {
            return false;
        }
    }

    private static boolean isAddress(String text) {
        try {
            Cidr.parseAddress(text);
            return true;
        } catch (OpException e) {
            return false;
        }
    }

    private static boolean isCidr(String text) {
        try {
            Cidr cidr = Cidr.parse(text);
            return !cidr.isIpv4() || cidr.prefix() >= 8;
        } catch (OpException e) {
            return false;
        }
    }
}
