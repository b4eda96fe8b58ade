package zonda.commands;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.Mac;
import zonda.base.OpException;
import zonda.network.Etherstub;
import zonda.network.NetworkConfig;
import zonda.network.Networks;
import zonda.network.NicTag;
import zonda.vm.Vms;

/** nictagadm(8): the names that NICs of VMs can be on. */
public final class NictagadmTool implements Tool {
    private static final String USAGE = """
            Usage:
              nictagadm [-v] add [-l] [-p prop=value,...] <name> [mac]
              nictagadm [-v] update [-p prop=value,...] <name> [mac]
              nictagadm [-v] delete [-f] <name>
              nictagadm exists [-l] <name> ...
              nictagadm list [-l | -L] [-p] [-d delim]
              nictagadm vms <name>
            """;
    private static final int DEFAULT_MTU = 1500;
    private static final int HIGHEST_MTU = 9000;
    private static final Set<String> PROPERTIES = Set.of("mac", "mtu");

    private final Networks networks;
    private final Vms vms;

    public NictagadmTool(Networks networks, Vms vms) {
        this.networks = networks;
        this.vms = vms;
    }

    @Override
    public String name() {
        return "nictagadm";
    }

    @Override
    public String complaint(OpException e) {
        return "Error: " + e.getMessage();
    }

    @Override
    public int run(Session session) {
        List<String> words = session.arguments().stream()
                .dropWhile(word -> word.equals("-v"))
                .toList();
        if (words.isEmpty() || List.of("-h", "-?", "help").contains(words.getFirst())) {
            session.errRaw(USAGE);
            return words.isEmpty() ? Code.USAGE.exitStatus() : 0;
        }
        try {
            return run(session, words.getFirst(), words.subList(1, words.size()));
        } catch (OpException e) {
            if (e.code() == Code.USAGE) {
                session.err(complaint(e));
                session.errRaw(USAGE);
                return Code.USAGE.exitStatus();
            }
            throw e;
        }
    }

    private int run(Session session, String verb, List<String> arguments) {
        switch (verb) {
            case "add" -> add(arguments);
            case "delete" -> delete(session, arguments);
            case "exists" -> {
                return exists(session, arguments);
            }
            case "list" -> list(session, arguments);
            case "vms" -> users(one(Getopt.parse(arguments, "")), _ -> true).forEach(vm -> session.out(vm + "\n"));
            case "update" -> update(session, arguments);
            default -> throw new OpException(Code.USAGE, "Unknown command: " + verb);
        }
        return 0;
    }

    private void add(List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "l p=");
        List<String> operands = options.operands();
        if (operands.isEmpty()) {
            throw new OpException(Code.USAGE, "nic tag name not specified");
        }
        Map<String, String> properties = properties(options);
        int mtu = mtu(properties);
        if (options.has("l")) {
            List<Etherstub> stubs = Arrays.stream(operands.getFirst().split(","))
                    .map(name -> Etherstub.plain(name, mtu))
                    .toList();
            networks.add(new NetworkConfig(stubs, List.of()));
            return;
        }
        String mac = operands.size() > 1 ? operands.get(1) : properties.getOrDefault("mac", "");
        if (mac.isEmpty()) {
            throw new OpException(Code.USAGE, "MAC address not specified");
        }
        if (properties.containsKey("mtu") && mtu != DEFAULT_MTU) {
            throw mtuOfLink();
        }
        NicTag tag = networks.tagOn(operands.getFirst(), Mac.parse(mac));
        networks.add(new NetworkConfig(List.of(), List.of(tag)));
    }

    private static OpException mtuOfLink() {
        return new OpException(
                Code.NOT_SUPPORTED, "mtu of a nic tag is that of its link: set that of the link instead");
    }

    /** Another link for a NIC tag, another MTU for an etherstub. */
    private void update(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "p=");
        List<String> operands = options.operands();
        if (operands.isEmpty() || operands.size() > 2) {
            throw new OpException(Code.USAGE, "nic tag name not specified");
        }
        String name = operands.getFirst();
        Map<String, String> properties = properties(options);
        String mac = operands.size() > 1 ? operands.get(1) : properties.getOrDefault("mac", "");
        if (mac.isEmpty() && !properties.containsKey("mtu")) {
            throw new OpException(Code.USAGE, "nothing to update: give a MAC address, or -p mac=M or mtu=N");
        }
        Networks.Tag tag = networks.tags().stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new OpException(Code.NOT_FOUND, "nic tag '" + name + "' does not exist"));
        if (tag.etherstub()) {
            if (!mac.isEmpty()) {
                throw new OpException(Code.INVALID, "an etherstub has no MAC address: " + name);
            }
            int mtu = mtu(properties);
            refuseUse(session, name, users(name, nic -> nic.integer("mtu", 0) > mtu));
            networks.resize(name, mtu);
            return;
        }
        if (properties.containsKey("mtu")) {
            throw mtuOfLink();
        }
        refuseUse(session, name, users(name, _ -> true));
        networks.move(networks.tagOn(name, Mac.parse(mac)));
    }

    private static void refuseUse(Session session, String name, List<String> users) {
        if (!users.isEmpty()) {
            session.err("nic tag '" + name + "' is in use by the following VMs:");
            users.forEach(session::err);
            throw new OpException(Code.CONFLICT, "nic tag '" + name + "' is in use");
        }
    }

    private static Map<String, String> properties(Getopt options) {
        Map<String, String> properties = new LinkedHashMap<>();
        for (String list : options.values("p")) {
            for (String pair : list.split(",")) {
                int equals = pair.indexOf('=');
                String key = equals < 0 ? pair : pair.substring(0, equals);
                if (equals < 0 || !PROPERTIES.contains(key)) {
                    throw new OpException(Code.USAGE, "invalid property: " + pair + " (want mac=M or mtu=N)");
                }
                properties.put(key, pair.substring(equals + 1));
            }
        }
        return properties;
    }

    private static int mtu(Map<String, String> properties) {
        String text = properties.getOrDefault("mtu", String.valueOf(DEFAULT_MTU));
        int mtu = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : 0;
        if (mtu < DEFAULT_MTU || mtu > HIGHEST_MTU) {
            throw new OpException(
                    Code.INVALID, "invalid mtu: " + text + " (want " + DEFAULT_MTU + " to " + HIGHEST_MTU + ")");
        }
        return mtu;
    }

    private void delete(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "f");
        String name = one(options);
        if (!options.has("f") && networks.tagExists(name)) {
            refuseUse(session, name, users(name, _ -> true));
        }
        networks.remove(name);
    }

    /** Silent, but with -l for the names that are not there. */
    private int exists(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "l");
        if (options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "nic tag name not specified");
        }
        List<String> missing = options.operands().stream()
                .filter(name -> !networks.tagExists(name))
                .toList();
        if (options.has("l")) {
            missing.forEach(session::err);
        }
        return missing.isEmpty() ? 0 : 1;
    }

    private void list(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "l L p d=");
        if (options.has("l") && options.has("L")) {
            throw new OpException(Code.USAGE, "-l and -L exclude each other");
        }
        if (options.has("d") && !options.has("p")) {
            throw new OpException(Code.USAGE, "-d needs -p");
        }
        String delimiter = options.value("d").orElse(":");
        if (!options.has("p")) {
            session.out(row("NAME", "MACADDRESS", "LINK", "TYPE"));
        }
        for (Networks.Tag tag : networks.tags()) {
            boolean wanted = tag.etherstub() ? !options.has("L") : !options.has("l");
            if (wanted) {
                String mac =
                        tag.uplink().flatMap(networks::macOf).map(Mac::toString).orElse("-");
                List<String> fields =
                        List.of(tag.name(), mac, tag.uplink().orElse("-"), tag.etherstub() ? "etherstub" : "normal");
                session.out(
                        options.has("p")
                                ? String.join(delimiter, fields) + "\n"
                                : row(fields.get(0), fields.get(1), fields.get(2), fields.get(3)));
            }
        }
    }

    private static String row(String name, String mac, String link, String type) {
        return String.format("%-14s %-18s %-14s %-16s", name, mac, link, type).stripTrailing() + "\n";
    }

    /** The VMs that have such a NIC on it. */
    private List<String> users(String tag, Predicate<Json.Obj> such) {
        List<String> users = new ArrayList<>();
        for (Json.Obj vm : vms.list()) {
            boolean uses = vm.array("nics").objects().stream()
                    .filter(nic -> nic.string("nic_tag").equals(Optional.of(tag)))
                    .anyMatch(such);
            if (uses) {
                users.add(vm.string("uuid", ""));
            }
        }
        return users;
    }

    private static String one(Getopt options) {
        if (options.operands().size() != 1) {
            throw new OpException(Code.USAGE, "nic tag name not specified");
        }
        return options.operands().getFirst();
    }
}
