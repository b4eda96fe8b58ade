package zonda.network;

import java.time.Duration;
import java.util.Map;
import zonda.kernel.Command;
import zonda.kernel.NftElements;
import zonda.kernel.NftElements.Family;

/**
 * What is routed between our etherstubs and the rest, in one table of the inet family: an etherstub with NAT reaches
 * the outside, masqueraded, and gets its answers; nothing else is forwarded from or to an etherstub, whatever the
 * host's own forwarding is set to.
 */
final class Gateways {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final NetworkInstance instance;
    /** What the table was made of; it may have been taken away since. */
    private String loaded = "";

    Gateways(NetworkInstance instance) {
        this.instance = instance;
    }

    /** Loads the table, unless it is there and of these etherstubs. @param stubs by the name of their bridge */
    void load(Map<String, Etherstub> stubs) {
        String script = script(stubs);
        if (!script.equals(loaded) || !NftElements.tableExists(Family.INET, instance.table())) {
            Command.of("nft", "-f", "-").input(script).check(LIMIT);
            loaded = script;
        }
    }

    void unload() {
        NftElements.deleteTable(Family.INET, instance.table());
    }

    String script(Map<String, Etherstub> stubs) {
        String table = "inet " + instance.table();
        var script = new StringBuilder("""
                add table %1$s
                add chain %1$s postrouting { type nat hook postrouting priority 100; policy accept; }
                add chain %1$s forward { type filter hook forward priority 0; policy accept; }
                flush chain %1$s postrouting
                flush chain %1$s forward
                """.formatted(table));
        stubs.forEach((bridge, stub) -> {
            String forward = "add rule " + table + " forward ";
            String here = "\"" + bridge + "\"";
            if (stub.nat()) {
                String network = stub.address().orElseThrow().network().toString();
                script.append("add rule %s postrouting ip saddr %s ip daddr != %s oifname != %s masquerade\n"
                        .formatted(table, network, network, here));
                script.append(forward + "oifname " + here + " ct state established,related accept\n");
                script.append(forward + "iifname " + here + " meta nfproto ipv6 oifname != " + here + " drop\n");
            } else {
                script.append(forward + "iifname " + here + " oifname != " + here + " drop\n");
            }
            script.append(forward + "oifname " + here + " iifname != " + here + " drop\n");
        });
        return script.toString();
    }
}
