package zonda.commands;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Spelling;
import zonda.kvm.SerialPort;
import zonda.vm.Brand;
import zonda.vm.Property;
import zonda.vm.PropertyTable;
import zonda.vm.VmSchema;
import zonda.vm.Vms;
import zonda.zones.LogLine;

/** vmadm(8): picks the verb, and words what every verb has in common. */
public final class VmadmTool implements Tool {
    /** Other names of verbs. */
    private static final Map<String, String> ALIASES =
            Map.of("json", "get", "boot", "start", "halt", "stop", "destroy", "delete", "recv", "receive");

    private final Vms vms;
    private final PropertyTable table;
    private final ConsoleRelay consoles;

    public VmadmTool(Vms vms, PropertyTable table, ConsoleRelay consoles) {
        this.vms = vms;
        this.table = table;
        this.consoles = consoles;
    }

    @Override
    public String name() {
        return "vmadm";
    }

    @Override
    public int run(Session session) {
        List<String> arguments = session.arguments().stream()
                .dropWhile(word -> word.equals("-v") || word.equals("-d"))
                .toList();
        if (arguments.isEmpty()) {
            session.err(VmadmUsage.TEXT.stripTrailing());
            return Code.USAGE.exitStatus();
        }
        String word = arguments.getFirst();
        if (List.of("-h", "-?", "--help").contains(word)) {
            session.out(VmadmUsage.TEXT);
            return 0;
        }
        String verb = ALIASES.getOrDefault(word, word);
        try {
            run(verb, session, arguments.subList(1, arguments.size()));
            return 0;
        } catch (OpException e) {
            if (e.code() == Code.USAGE) {
                session.err(e.getMessage());
                session.err(VmadmUsage.of(verb));
                return Code.USAGE.exitStatus();
            }
            throw e;
        }
    }

    private void run(String verb, Session session, List<String> arguments) {
        var listing = new VmadmListing(vms);
        var changing = new VmadmChanging(vms);
        switch (verb) {
            case "help" -> help(session, arguments);
            case "list" -> listing.list(session, arguments);
            case "lookup" -> listing.lookup(session, arguments);
            case "get" -> session.out(vms.get(vm("get", arguments)).pretty() + "\n");
            case "create" -> changing.create(session, arguments);
            case "update" -> changing.update(session, arguments);
            case "validate" -> changing.validate(session, arguments);
            case "start" -> changing.start(session, arguments);
            case "stop" -> changing.stop(session, arguments);
            case "reboot" -> changing.reboot(session, arguments);
            case "kill" -> changing.kill(session, arguments);
            case "delete" -> changing.delete(session, arguments);
            case "create-snapshot", "delete-snapshot", "rollback-snapshot" -> snapshot(session, verb, arguments);
            case "reprovision" -> changing.reprovision(session, arguments);
            case "console" -> console(session, arguments);
            case "events" -> new VmadmEvents(vms).events(session, arguments);
            case "info" -> info(session, arguments);
            case "send" -> new VmadmTransfer(vms).send(session, arguments);
            case "receive" -> new VmadmTransfer(vms).receive(session, arguments);
            case "export" -> new VmadmTransfer(vms).export(session, arguments);
            case "import" -> new VmadmTransfer(vms).importVm(session, arguments);
            case "apply" -> new VmadmApply(vms).apply(session, arguments);
            case "install" -> new VmadmTransfer(vms).install(session, arguments);
            case "host-sleep" -> hostSleep(arguments);
            case "logs" -> logs(session, arguments);
            case "sysrq" -> sysrq(session, arguments);
            case "why" -> vms.diagnosis().of(vm("why", arguments)).forEach(line -> session.out(line + "\n"));
            case "schema" -> schema(session, arguments);
            case "completion" -> completion(session, arguments);
            default -> throw new OpException(Code.USAGE, "Invalid command: \"" + verb + "\".");
        }
    }

    private void help(Session session, List<String> arguments) {
        if (arguments.isEmpty()) {
            session.out(VmadmUsage.TEXT);
            return;
        }
        String name = arguments.getFirst();
        session.out(VmadmUsage.property(table, name)
                .orElseThrow(() -> new OpException(
                        Code.USAGE,
                        "no property \"" + name + "\""
                                + Spelling.nearest(
                                                name,
                                                table.all().stream()
                                                        .map(Property::name)
                                                        .toList())
                                        .map(near -> " (did you mean \"" + near + "\"?)")
                                        .orElse(""))));
    }

    private void completion(Session session, List<String> arguments) {
        if (!arguments.equals(List.of("bash"))) {
            throw new OpException(Code.USAGE, "completion of which shell? bash");
        }
        session.out(VmadmCompletion.bash(table));
    }

    private void schema(Session session, List<String> arguments) {
        Brand brand = Brand.find(arguments.isEmpty() ? "" : arguments.getFirst())
                .orElseThrow(() -> new OpException(
                        Code.USAGE,
                        "schema of which brand? "
                                + Stream.of(Brand.values()).map(Brand::word).collect(Collectors.joining(", "))));
        Property.Verb verb = switch (arguments.size() > 1 ? arguments.get(1) : "create") {
            case "create" -> Property.Verb.CREATE;
            case "update" -> Property.Verb.UPDATE;
            default -> throw new OpException(Code.USAGE, "schema of create or update, not of " + arguments.get(1));
        };
        session.out(new VmSchema(table).of(brand, verb).pretty() + "\n");
    }

    /** What the VM wrote: errors of a container without terminal go to standard error, as docker logs has it. */
    private void logs(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "j|json n|lines=");
        UUID uuid = vm(vms, "logs", options.operands());
        String most = options.value("n").orElse("");
        if (!most.matches("[0-9]{0,9}")) {
            throw new OpException(Code.USAGE, "Invalid number of lines: \"" + most + "\"");
        }
        List<LogLine> lines = vms.log(uuid);
        int from = most.isEmpty() ? 0 : Math.max(0, lines.size() - Integer.parseInt(most));
        for (LogLine line : lines.subList(from, lines.size())) {
            if (options.has("j")) {
                session.out(line.json().compact() + "\n");
            } else if (line.stream().equals("stderr")) {
                session.errRaw(line.text());
            } else {
                session.out(line.text());
            }
        }
    }

    /** For systemd, around the host's sleep. */
    private void hostSleep(List<String> arguments) {
        switch (arguments.size() == 1 ? arguments.getFirst() : "") {
            case "begin" -> vms.machines().sleep().begin();
            case "end" -> vms.machines().sleep().end();
            default -> throw new OpException(Code.USAGE, "host-sleep: begin or end, and nothing else");
        }
    }

    private void sysrq(Session session, List<String> arguments) {
        UUID uuid = vm("sysrq", arguments);
        if (arguments.size() != 2) {
            throw new OpException(Code.USAGE, "Wrong number of parameters to \"sysrq\"");
        }
        String request = arguments.get(1);
        switch (request) {
            case "nmi" -> {
                vms.machines().of(uuid).interrupt();
                session.err("Sent NMI to VM " + uuid);
            }
            case "screenshot" -> {
                vms.machines().of(uuid).screenshot();
                session.err("Sent screenshot sysrq to VM " + uuid);
            }
            default -> throw new OpException(Code.USAGE, "Invalid sysrq type: " + request);
        }
    }

    private void console(Session session, List<String> arguments) {
        UUID uuid = vm("console", arguments);
        String state = vms.get(uuid).string("state", "");
        if (!vms.running(uuid).isPresent()) {
            throw new OpException(
                    Code.FAILED, "cannot connect to console when state is '" + state + "', must be running");
        }
        if (vms.get(uuid).bool("hvm", false)) {
            SerialPort port = SerialPort.open(vms.machines().of(uuid).console());
            consoles.relay(session, uuid, ConsoleRelay.of(port), ConsoleRelay.Escape.CONTROL_BRACKET);
            return;
        }
        // ^] as on SmartOS.
        consoles.relay(session, uuid, ConsoleRelay.Escape.CONTROL_BRACKET);
    }

    private void snapshot(Session session, String verb, List<String> arguments) {
        UUID uuid = vm(verb, arguments);
        if (arguments.size() != 2) {
            throw new OpException(Code.USAGE, "Wrong number of parameters to \"" + verb + "\"");
        }
        String name = arguments.get(1);
        switch (verb) {
            case "create-snapshot" -> {
                vms.snapshots().create(uuid, name);
                session.err("Created snapshot " + name + " for VM " + uuid);
            }
            case "delete-snapshot" -> {
                vms.snapshots().delete(uuid, name);
                session.err("Deleted snapshot " + name + " for VM " + uuid);
            }
            default -> {
                vms.snapshots().rollback(uuid, name);
                session.err("Rolled back snapshot " + name + " for VM " + uuid);
            }
        }
    }

    private void info(Session session, List<String> arguments) {
        UUID uuid = vm("info", arguments);
        Json.Obj vm = vms.get(uuid);
        if (!vm.bool("hvm", false)) {
            throw new OpException(Code.FAILED, "no info types supported for brand " + vm.string("brand", ""));
        }
        List<String> types = arguments.size() > 1 ? List.of(arguments.get(1).split(",")) : List.of();
        session.out(vms.machines().of(uuid).info(types).pretty() + "\n");
    }

    private UUID vm(String verb, List<String> arguments) {
        return vm(vms, verb, arguments);
    }

    /** The VM that the first operand means. @throws OpException USAGE without one */
    static UUID vm(Vms vms, String verb, List<String> operands) {
        if (operands.isEmpty() || operands.getFirst().isEmpty()) {
            throw new OpException(Code.USAGE, "Invalid or missing UUID for " + verb);
        }
        return vms.resolve(operands.getFirst());
    }

    /** The JSON payload of {@code -f FILE}, or of standard input. */
    static Json.Obj payload(Session session, Getopt options, String verb) {
        String text;
        if (options.value("f").isPresent() && !options.value("f").get().equals("-")) {
            String path = options.value("f").get();
            text = content(session, path);
        } else if (session.inputIsTerminal()) {
            throw new OpException(Code.USAGE, "Will not " + verb + " from stdin when stdin is a tty.");
        } else {
            text = readAll(session);
        }
        try {
            return Json.parseObject(text);
        } catch (Json.JsonSyntaxException e) {
            throw new OpException(Code.FAILED, "Invalid JSON payload: " + e.getMessage(), e);
        }
    }

    private static String content(Session session, String path) {
        try {
            return new String(session.file(path), StandardCharsets.UTF_8);
        } catch (OpException e) {
            if (e.getMessage().endsWith("(No such file or directory)")) {
                throw new OpException(Code.FAILED, "File: " + path + " does not exist.", e);
            }
            throw e;
        }
    }

    private static String readAll(Session session) {
        try {
            return new String(session.allInput(), StandardCharsets.UTF_8);
        } catch (java.io.IOException e) {
            throw new OpException(Code.FAILED, "read standard input: " + e.getMessage(), e);
        }
    }
}
