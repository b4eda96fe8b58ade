package zonda.vm;

import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Journal;
import zonda.base.Json;
import zonda.base.Saga;
import zonda.storage.Datasets;

/** Why a VM is as it is, and what can be done: what its record, the journal and its console say, in words. */
public final class Diagnosis {
    private static final int CONSOLE_LINES = 10;

    private final Vms vms;

    Diagnosis(Vms vms) {
        this.vms = vms;
    }

    /** Lines for an operator. @throws zonda.base.OpException NOT_FOUND */
    public List<String> of(UUID uuid) {
        VmRecord vm = vms.find(uuid);
        Json.Obj shown = vms.get(uuid);
        String state = shown.string("state", "");
        var lines = new ArrayList<String>();
        lines.add("VM " + uuid
                + vm.config().alias().map(alias -> " (" + alias + ")").orElse("") + " is " + state);
        vm.failure().ifPresent(why -> why.lines().forEach(line -> lines.add("  " + line)));
        List<Journal.Intent> going = going(uuid);
        going.forEach(intent -> lines.add("in progress: " + intent.kind().replace("vm-", "") + ", since "
                + intent.started().truncatedTo(ChronoUnit.SECONDS)));
        if (going.isEmpty()) {
            vms.going(uuid)
                    .ifPresent(one -> lines.add("in progress: " + one.what() + ", since "
                            + one.since().truncatedTo(ChronoUnit.SECONDS)));
        }
        vm.lastExit()
                .ifPresent(exit -> lines.add("its init ended last at "
                        + exit.when().truncatedTo(ChronoUnit.SECONDS) + ": " + ended(exit.code())));
        vms.reception().progress(vm).ifPresentOrElse(lines::add, () -> missing(vm, lines));
        if (state.equals("running") && vm.config().brand().isHvm()) {
            lines.addAll(vms.machinery().displays().problems(vm.config()));
            lines.addAll(HaltedWrites.problems(vm.config(), vms.machinery().control()));
        }
        List<String> console = vms.host().zones().consoleTail(uuid, CONSOLE_LINES);
        if (!console.isEmpty()) {
            lines.add("the last lines of its console:");
            console.forEach(line -> lines.add("  " + line));
        }
        Optional<TransferToken> token = vms.reception().token(vm);
        if (token.isPresent()) {
            lines.add("to go on, at the host that it comes from: vmadm send -t "
                    + token.get().text());
            lines.add("and here: vmadm receive; or give it up: vmadm delete " + uuid);
            return lines;
        }
        lines.add(going.isEmpty() ? advice(vm, state, vms.running(uuid).isPresent()) : "wait until that has ended");
        return lines;
    }

    private List<Journal.Intent> going(UUID uuid) {
        return vms.host().journal().unfinished().stream()
                .map(Saga::intent)
                .filter(intent -> intent.kind().startsWith("vm-"))
                .filter(intent -> intent.about().string("uuid", "").equals(uuid.toString())
                        || intent.about().object("config").string("uuid", "").equals(uuid.toString()))
                .toList();
    }

    private static String ended(int code) {
        return code > 128 ? "by signal " + (code - 128) : "with exit status " + code;
    }

    private void missing(VmRecord vm, List<String> lines) {
        String dataset = vm.config().dataset();
        Optional<Datasets> pool = vms.machinery().pool(vm.config());
        if (pool.isEmpty()) {
            lines.add("its pool " + vm.config().zpool() + " is missing; if it was exported: zpool import "
                    + vm.config().zpool());
        } else if (pool.get().find(dataset).isEmpty()) {
            lines.add("its dataset " + dataset + " is missing");
        } else {
            Disks.of(vm.config()).stream()
                    .flatMap(disk -> disk.dataset().stream())
                    .filter(disk -> !pool.get().has(disk))
                    .forEach(disk -> lines.add("the volume " + disk + " of its disks is missing"));
        }
    }

    private static String advice(VmRecord vm, String state, boolean runs) {
        String word = vm.config().alias().orElse(vm.uuid().toString());
        return switch (state) {
            case "failed" -> "look at it, then: vmadm delete " + word + ", and create it again, or: vmadm reprovision";
            case "stopped" -> "to boot it: vmadm start " + word;
            case "receiving" -> "receive its dataset " + vm.config().dataset() + ", then: vmadm install " + word;
            case "provisioning" ->
                vm.config().brand().isHvm() && runs
                        ? "its guest has yet to ask for its metadata at the serial port, or to run an agent; "
                                + GuestWord.limit(vm.config()).toSeconds()
                                + " s after its boot the VM counts as up all the same: vmadm console " + word
                        : "its guest is at its first boot; the console says how far: vmadm console " + word;
            default -> "nothing is known to be wrong with it";
        };
    }
}
