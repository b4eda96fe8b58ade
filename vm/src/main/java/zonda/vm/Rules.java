package zonda.vm;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.Mac;
import zonda.base.OpException;
import zonda.zones.Privileges;

/** What must hold between the properties of one VM, and between it and the host: vmadm(8), and its messages. */
final class Rules {
    private static final List<String> RUNNABLE = List.of("lx-dataset", "docker");
    private static final int MOST_IPS = 20;
    private static final int MOST_ALLOWED_IPS = 13;
    private static final int MOST_ADDRESSES = 32;

    private static final Set<String> PRIVILEGE_SETS = Set.of("default", "all", "basic", "zone");
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
            findings.rule("Invalid zonename: \"" + vm.zonename()
                    + "\" (up to 64 letters, digits, '_', '.' and '-', a letter or digit first)");
        }
        if (!vm.hostname().matches("[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")) {
            findings.rule("Invalid hostname: \"" + vm.hostname()
                    + "\" (up to 63 letters, digits, '_', '.' and '-', a letter or digit first and last)");
        }
        properties.array("resolvers").strings().stream()
                .filter(resolver -> !Shapes.isAddress(resolver))
                .forEach(resolver -> findings.rule("Invalid resolver: \"" + resolver + "\""));
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
        List<String> kept = payload.array("limit_priv").strings().stream()
                .map(word -> word.replaceFirst("^[-!]", ""))
                .filter(Privileges::isWithoutEffect)
                .toList();
        if (!kept.isEmpty()) {
            findings.warning("limit_priv is kept, and these have no effect: no capability of Linux stands for "
                    + String.join(", ", kept));
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
            boolean taken = PRIVILEGE_SETS.contains(word) || Privileges.known().contains(privilege);
            if (!taken) {
                findings.rule("Unknown privilege: \"" + privilege + "\" (limit_priv)");
            }
        }
    }

    private void nics(List<Json.Obj> nics, Findings findings) {
        Set<String> macs = new HashSet<>();
        Set<String> ips = new HashSet<>();
        Set<String> interfaces = new HashSet<>();
        long primaries = nics.stream().filter(nic -> nic.bool("primary", false)).count();
        if (primaries > 1) {
            findings.rule("payload specifies more than 1 primary NIC");
        }
        for (int i = 0; i < nics.size(); i++) {
            Json.Obj nic = nics.get(i);
            String path = "nics." + i;
            nic(nic, path, findings);
            nic.string("mac")
                    .filter(mac -> !macs.add(mac))
                    .ifPresent(mac -> findings.rule("Cannot add multiple NICs with the same MAC: " + mac));
            nic.string("interface")
                    .filter(name -> !interfaces.add(name))
                    .ifPresent(name -> findings.rule("Cannot add multiple NICs with the same interface: " + name));
            nic.array("ips").strings().stream()
                    .filter(ip -> ip.contains("/") && !ips.add(ip.replaceAll("/.*", "")))
                    .forEach(ip -> findings.rule("Cannot add multiple NICs with the same IP: " + ip));
        }
    }

    private void nic(Json.Obj nic, String path, Findings findings) {
        nic.string("mac")
                .filter(mac -> !isMac(mac))
                .ifPresent(mac -> findings.rule("Invalid MAC address: \"" + mac + "\" (" + path + ".mac)"));
        if (nic.has("primary") && !nic.bool("primary", false)) {
            findings.rule("invalid value for NIC's primary flag: false (must be true)");
        }
        nic.string("interface")
                .filter(name -> !name.matches("[a-zA-Z][a-zA-Z0-9_]{0,13}[0-9]"))
                .ifPresent(name -> findings.rule("Invalid " + path + ".interface: \"" + name
                        + "\" (up to 15 letters, digits and '_', a letter first and a digit last)"));
        nicTag(nic, path, findings);
        addresses(nic, path, findings);
        for (String port : nic.array("blocked_outgoing_ports").strings()) {
            if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65_535) {
                findings.rule("Invalid " + path + ".blocked_outgoing_ports: " + port + " (must be from 1 to 65535)");
            }
        }
    }

    private void nicTag(Json.Obj nic, String path, Findings findings) {
        Optional<String> tag = nic.string("nic_tag");
        if (tag.isEmpty()) {
            findings.rule("invalid or missing .nic_tag option for NIC: " + nic.compact());
            return;
        }
        if (!tag.get().matches("[a-zA-Z0-9_/]+") || !host.nicTagExists(tag.get())) {
            findings.rule("Invalid nic tag \"" + tag.get() + "\"");
            return;
        }
        OptionalInt most = host.nicTagMtu(tag.get());
        if (nic.has("mtu") && most.isPresent() && nic.integer("mtu", 0) > most.getAsInt()) {
            findings.rule(path + ": MTU " + nic.integer("mtu", 0) + " is more than nic tag \"" + tag.get()
                    + "\" carries: " + most.getAsInt());
        }
    }

    private static void addresses(Json.Obj nic, String path, Findings findings) {
        if (nic.has("ip")) {
            // Only an address whose netmask is missing or wrong is still there.
            findings.rule("NIC with ip " + nic.string("ip", "") + " needs a netmask");
        }
        List<String> ips = nic.array("ips").strings();
        List<String> allowed = nic.array("allowed_ips").strings();
        ips.stream()
                .filter(ip -> !ip.equals("dhcp") && !ip.equals("addrconf") && !isCidr(ip))
                .forEach(ip -> findings.rule("Invalid IP for NIC: " + nic.compact() + " (\"" + ip
                        + "\" must be an address with prefix, dhcp or addrconf)"));
        allowed.stream()
                .filter(ip -> !Shapes.isAddress(ip) && !isCidr(ip))
                .forEach(ip -> findings.rule("invalid allowed_ips: " + ip));
        nic.array("gateways").strings().stream()
                .filter(gateway -> !Shapes.isAddress(gateway) || gateway.contains(":"))
                .forEach(gateway -> findings.rule("Static gateways must be IPv4 addresses: " + gateway));
        if (ips.size() > MOST_IPS) {
            findings.rule("nic.*.ips contains " + ips.size() + " addresses, but is limited to " + MOST_IPS);
        }
        if (allowed.size() > MOST_ALLOWED_IPS) {
            findings.rule("Maximum of " + MOST_ALLOWED_IPS + " allowed_ips per nic");
        }
        if (ips.size() + allowed.size() > MOST_ADDRESSES) {
            findings.rule("More than " + MOST_ADDRESSES + " IPs cannot be associated with a NIC");
        }
    }

    private static void routes(Json.Obj routes, List<Json.Obj> nics, Findings findings) {
        routes.members().forEach((destination, gateway) -> {
            if (!Shapes.isAddress(destination) && !isCidr(destination)) {
                findings.rule("Invalid route destination: \"" + destination + "\" (must be IP address or CIDR)");
            }
            String text = gateway instanceof Json.Str(String word) ? word : gateway.compact();
            if (text.matches("nics\\[[0-9]{1,3}\\]|macs\\[[0-9a-fA-F:]+\\]")) {
                if (!isOfNic(text, nics)) {
                    findings.rule("Route gateway: \"" + text + "\" refers to non-existent or DHCP nic");
                }
            } else if (!Shapes.isAddress(text) || text.contains(":")) {
                findings.rule("Invalid route gateway: \"" + text + "\" (must be IP address, MAC address, or nic)");
            }
        });
    }

    /** Whether there is such a NIC, with an address of its own. */
    private static boolean isOfNic(String text, List<Json.Obj> nics) {
        String inside = text.substring(5, text.length() - 1).toLowerCase(Locale.ROOT);
        return IntStream.range(0, nics.size())
                .filter(i -> text.startsWith("nics[")
                        ? i == Integer.parseInt(inside)
                        : nics.get(i).string("mac", "").equals(inside))
                .mapToObj(nics::get)
                .anyMatch(Nics::isStatic);
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
                    return Nics.link(mine).equals(Nics.link(theirs)) || (sameNetwork && sameIp);
                }));
    }

    /** What names the image of the VM's zone root; a machine need have none. */
    static String imageProperty(VmConfig vm) {
        return vm.brand().isHvm() ? KernelFiles.IMAGE : "image_uuid";
    }

    /** The brand's image must be installed and of a type that it can run: why it isn't, if so. */
    Optional<String> imageProblem(VmConfig vm) {
        String uuid = vm.properties().string(imageProperty(vm)).orElse("");
        if (uuid.isEmpty() || !host.poolExists(vm.zpool())) {
            return Optional.empty(); // Others tell of these.
        }
        Optional<String> type = host.image(uuid, vm.zpool()).map(manifest -> manifest.string("type", ""));
        if (type.isEmpty()) {
            return Optional.of("Image " + uuid + " not found in zpool " + vm.zpool());
        }
        return type.filter(other -> !RUNNABLE.contains(other))
                .map(other -> "image " + uuid + " is type " + other + ", but must be one of: "
                        + Json.Arr.ofStrings(RUNNABLE).compact());
    }

    /** @throws OpException FAILED saying why not */
    void checkImage(VmConfig vm) {
        imageProblem(vm).ifPresent(problem -> {
            throw new OpException(Code.FAILED, problem);
        });
    }

    private static boolean isMac(String text) {
        try {
            return Mac.parse(text).unicast().value() != 0;
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
