package zonda.commands;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kernel.Signals;
import zonda.vm.BootOnce;
import zonda.vm.Brand;
import zonda.vm.Findings;
import zonda.vm.Vms;

/** The verbs of vmadm that change VMs, and validate, which says whether they would. */
final class VmadmChanging {
    private final Vms vms;

    VmadmChanging(Vms vms) {
        this.vms = vms;
    }

    void create(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "f|file= strict n|dry-run");
        Vms.Checked checked = vms.checkCreate(VmadmTool.payload(session, options, "create"));
        if (options.has("n") || checked.findings().isFatal(options.has("strict"))) {
            complain(session, checked.findings(), options.has("strict"));
        }
        if (options.has("n")) {
            vms.planCreate(checked);
            session.out(checked.properties().pretty() + "\n");
            return;
        }
        UUID uuid = vms.create(checked);
        session.err("Successfully created VM " + uuid);
        // After it: scripts look for that at the beginning.
        checked.findings().warnings().forEach(session::err);
    }

    static void complain(Session session, Findings findings, boolean strict) {
        if (!strict) {
            findings.warnings().forEach(session::err);
        }
        findings.throwIfFatal(strict);
    }

    void update(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "f|file= strict n|dry-run");
        UUID uuid = VmadmTool.vm(vms, "update", options.operands());
        List<String> pairs = options.operands().subList(1, options.operands().size());
        Json.Obj payload = pairs.isEmpty() ? VmadmTool.payload(session, options, "update") : flat(pairs);
        Vms.Checked checked = vms.checkUpdate(payload, uuid);
        complain(session, checked.findings(), options.has("strict"));
        if (options.has("n")) {
            vms.planUpdate(uuid, checked).forEach(change -> session.out(VmadmEvents.text(change) + "\n"));
            return;
        }
        vms.update(uuid, checked);
        session.err("Successfully updated VM " + uuid);
    }

    /** {@code prop=value} for properties that aren't objects or arrays of them; an empty value clears. */
    private static Json.Obj flat(List<String> pairs) {
        Json.Obj payload = Json.object();
        for (String pair : pairs) {
            int equals = pair.indexOf('=');
            if (equals <= 0) {
                throw new OpException(Code.USAGE, "Invalid property: \"" + pair + "\" (want property=value)");
            }
            String value = pair.substring(equals + 1);
            payload = payload.with(pair.substring(0, equals), value.isEmpty() ? new Json.Null() : Json.of(value));
        }
        return payload;
    }

    void reprovision(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "f|file=");
        UUID uuid = VmadmTool.vm(vms, "reprovision", options.operands());
        Json.Obj payload = VmadmTool.payload(session, options, "reprovision");
        try {
            vms.reprovisioning().reprovision(uuid, payload);
        } catch (OpException e) {
            throw new OpException(e.code(), "Failed to reprovision VM " + uuid + ": " + e.getMessage(), e);
        }
        session.err("Successfully reprovisioned VM " + uuid);
    }

    void validate(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "f|file=");
        List<String> words = options.operands();
        String what = words.isEmpty() ? "" : words.getFirst();
        Findings findings;
        String brand;
        switch (what) {
            case "create" -> {
                Json.Obj payload = VmadmTool.payload(session, options, "validate");
                Vms.Checked checked = vms.checkCreate(payload);
                findings = checked.findings();
                if (!payload.has("brand")) {
                    findings.missing("brand");
                }
                brand = checked.brand().word();
            }
            case "update" -> {
                if (words.size() != 2) {
                    throw new OpException(Code.USAGE, "Will not validate without a valid action and brand.");
                }
                String word = words.get(1);
                Brand known = Brand.find(word)
                        .orElseThrow(() -> new OpException(
                                Code.INVALID,
                                Json.object().with("bad_brand", word).pretty()));
                findings = vms.checkUpdate(VmadmTool.payload(session, options, "validate"), known)
                        .findings();
                brand = word;
            }
            default -> throw new OpException(Code.USAGE, "Will not validate without a valid action.");
        }
        if (!findings.isValid()) {
            throw new OpException(Code.INVALID, findings.toJson().pretty());
        }
        findings.refusals().forEach(why -> session.err("warning: " + what + " would refuse it here: " + why));
        session.err("VALID '" + what + "' payload for " + brand + " brand VMs.");
    }

    void start(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "");
        UUID uuid = VmadmTool.vm(vms, "start", options.operands());
        BootOnce once =
                BootOnce.parse(options.operands().subList(1, options.operands().size()));
        session.err(vms.start(uuid, once) ? "Successfully started VM " + uuid : "VM " + uuid + " is already 'running'");
    }

    void stop(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "F|force t|timeout=");
        UUID uuid = VmadmTool.vm(vms, "stop", options.operands());
        Optional<Duration> limit = options.value("t").map(VmadmChanging::seconds);
        session.err(
                vms.stop(uuid, options.has("F"), limit)
                        ? "Successfully completed stop for VM " + uuid
                        : "VM " + uuid + " is already 'stopped'");
    }

    private static Duration seconds(String text) {
        if (!text.matches("[0-9]{1,6}")) {
            throw new OpException(Code.USAGE, "Invalid timeout: \"" + text + "\" (want seconds)");
        }
        return Duration.ofSeconds(Long.parseLong(text));
    }

    void reboot(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "F|force");
        UUID uuid = VmadmTool.vm(vms, "reboot", options.operands());
        vms.reboot(uuid, options.has("F"));
        session.err("Successfully completed reboot for VM " + uuid);
    }

    void kill(Session session, List<String> arguments) {
        String word = "SIGTERM";
        List<String> operands = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (argument.equals("-s") && i + 1 < arguments.size()) {
                word = arguments.get(++i);
            } else if (argument.startsWith("-") && argument.length() > 1) {
                word = argument.substring(1);
            } else {
                operands.add(argument);
            }
        }
        String asked = word;
        int signal = Signals.parse(asked)
                .orElseThrow(() -> new OpException(Code.USAGE, "Invalid signal: \"" + asked + "\""));
        UUID uuid = VmadmTool.vm(vms, "kill", operands);
        vms.kill(uuid, signal);
        session.err("Sent signal \"" + Signals.name(signal) + "\" to init process for VM " + uuid);
    }

    void delete(Session session, List<String> arguments) {
        UUID uuid = VmadmTool.vm(vms, "delete", Getopt.parse(arguments, "").operands());
        try {
            vms.delete(uuid);
        } catch (OpException e) {
            throw new OpException(e.code(), "Failed to delete VM " + uuid + ": " + e.getMessage(), e);
        }
        session.err("Successfully deleted VM " + uuid);
    }
}
