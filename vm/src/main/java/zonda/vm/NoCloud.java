package zonda.vm;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.kvm.FatVolume;

/**
 * What cloud-init finds on the disk CIDATA, its datasource NoCloud: the VM's names, keys, network and data, for guests
 * that don't ask the second serial port. The files are JSON, which is YAML, but for what the operator gave.
 */
final class NoCloud {
    static final String LABEL = "CIDATA";
    /** Data that ask for nothing. */
    static final String NOTHING = "#cloud-config\n{}\n";

    private NoCloud() {}

    /** Whether the VM's {@code internal_metadata} asks for it, as on SmartOS. */
    static boolean isWanted(VmConfig vm) {
        return vm.metadata("internal_metadata")
                .string("cloudinit_datasource", "")
                .equals("nocloud");
    }

    /** The disk. @throws zonda.base.OpException INVALID when the VM's data don't fit on it */
    static byte[] disk(VmConfig vm) {
        return FatVolume.of(LABEL, files(vm));
    }

    static Map<String, byte[]> files(VmConfig vm) {
        Json.Obj customer = vm.metadata("customer_metadata");
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("meta-data", metaData(vm, customer).pretty() + "\n");
        texts.put("user-data", first(customer, "cloud-init:user-data", "user-data", "user-script"));
        texts.put("vendor-data", first(customer, "cloud-init:vendor-data"));
        texts.put(
                "network-config",
                customer.string("cloud-init:network-config")
                        .orElseGet(() -> network(vm).pretty() + "\n"));
        Map<String, byte[]> files = new LinkedHashMap<>();
        texts.forEach((name, text) -> files.put(name, text.getBytes(StandardCharsets.UTF_8)));
        return files;
    }

    private static String first(Json.Obj customer, String... keys) {
        return Stream.of(keys)
                .flatMap(key -> customer.string(key).stream())
                .findFirst()
                .orElse(NOTHING);
    }

    private static Json.Obj metaData(VmConfig vm, Json.Obj customer) {
        Json.Obj data = identity(vm);
        List<String> keys = customer.string("root_authorized_keys", "")
                .lines()
                .filter(line -> !line.isBlank())
                .toList();
        return keys.isEmpty() ? data : data.with("public-keys", Json.Arr.ofStrings(keys));
    }

    /** By which a guest knows itself, and that it is another than before. */
    static Json.Obj identity(VmConfig vm) {
        return Json.object().with("instance-id", vm.uuid().toString()).with("local-hostname", vm.hostname());
    }

    /** Networking config version 2 of cloud-init. */
    private static Json.Obj network(VmConfig vm) {
        Json.Obj links = Json.object();
        List<String> resolvers = vm.properties().array("resolvers").strings();
        for (Json.Obj nic : Nics.links(vm.nics())) {
            links = links.with(nic.string("interface", "net" + links.members().size()), link(nic, resolvers));
        }
        return Json.object().with("version", 2).with("ethernets", links);
    }

    private static Json.Obj link(Json.Obj nic, List<String> resolvers) {
        List<String> ips = nic.array("ips").strings();
        Json.Obj link = Json.object()
                .with("match", Json.object().with("macaddress", nic.string("mac", "")))
                .with("set-name", nic.string("interface", ""))
                .with("dhcp4", ips.contains("dhcp"))
                .with("accept-ra", ips.contains("addrconf"));
        Optional<Long> mtu = nic.integer("mtu");
        if (mtu.isPresent()) {
            link = link.with("mtu", mtu.get());
        }
        List<String> fixed = ips.stream().filter(ip -> ip.contains("/")).toList();
        if (!fixed.isEmpty()) {
            link = link.with("addresses", Json.Arr.ofStrings(fixed));
        }
        List<Json> routes = new ArrayList<>();
        if (nic.bool("primary", false) && !fixed.isEmpty()) {
            nic.array("gateways")
                    .strings()
                    .forEach(gateway ->
                            routes.add(Json.object().with("to", "0.0.0.0/0").with("via", gateway)));
        }
        if (!routes.isEmpty()) {
            link = link.with("routes", new Json.Arr(routes));
        }
        return resolvers.isEmpty()
                ? link
                : link.with("nameservers", Json.object().with("addresses", Json.Arr.ofStrings(resolvers)));
    }
}
