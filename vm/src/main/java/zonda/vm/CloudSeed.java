package zonda.vm;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import zonda.base.Json;

/**
 * What cloud-init finds in a zone whose image has it: a seed of its data source NoCloud, made of the VM's metadata. A zone
 * is no SmartOS to it, since neither the kernel's version nor the DMI tables say so.
 *
 * @see <a href="https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html">NoCloud</a>
 */
final class CloudSeed {
    /** Where cloud-init is in an image that has it. */
    static final String PROGRAM = "/usr/bin/cloud-init";

    private static final String SEED = "/var/lib/cloud/seed/nocloud/";
    private static final String CONFIG = "/etc/cloud/cloud.cfg.d/99-zonda.cfg";

    private CloudSeed() {}

    /** The files, by their paths in the zone; none when internal_metadata names another data source. */
    static Map<String, String> files(VmConfig vm) {
        String source = vm.metadata("internal_metadata").string("cloudinit_datasource", "nocloud");
        if (!source.equals("nocloud")) {
            return Map.of();
        }
        Json.Obj customer = vm.metadata("customer_metadata");
        Map<String, String> files = new LinkedHashMap<>();
        files.put(SEED + "meta-data", metaData(vm, customer));
        files.put(SEED + "user-data", customer.string("cloud-init:user-data", NoCloud.NOTHING));
        files.put(SEED + "vendor-data", customer.string("cloud-init:vendor-data", NoCloud.NOTHING));
        String network = customer.string("cloud-init:network-config", "");
        // An empty one is none: the file stays, so that one that was taken away is not found again.
        files.put(SEED + "network-config", network.isEmpty() ? "version: 2\nethernets: {}\n" : network);
        files.put(CONFIG, config(network.isEmpty()));
        return files;
    }

    /** JSON is YAML. */
    private static String metaData(VmConfig vm, Json.Obj customer) {
        List<String> keys = customer.string("root_authorized_keys", "")
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
        return NoCloud.identity(vm)
                        .with("public-keys", Json.Arr.ofStrings(keys))
                        .pretty()
                + "\n";
    }

    /** The global zone gives a zone its addresses before its first program runs. */
    private static String config(boolean networkIsThere) {
        return "# Made by the global zone at each boot.\n"
                + "datasource_list: [NoCloud, None]\n"
                + (networkIsThere ? "network: {config: disabled}\n" : "");
    }
}
