package zonda.vm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kvm.BootOrder;
import zonda.kvm.Disk;

/**
 * What is other at one boot of a machine, and at no later one: vmadm(8), start.
 *
 * @param drives as a VM's disks are kept: path, model and media
 */
public record BootOnce(Optional<BootOrder> order, List<Json.Obj> drives) {
    public static final BootOnce NOTHING = new BootOnce(Optional.empty(), List.of());

    public BootOnce {
        drives = List.copyOf(drives);
    }

    /** Reads {@code order=cd,once=d}, {@code cdrom=PATH,MODEL} and {@code disk=PATH,MODEL}. @throws OpException USAGE */
    public static BootOnce parse(List<String> words) {
        Optional<BootOrder> order = Optional.empty();
        List<Json.Obj> drives = new ArrayList<>();
        for (String word : words) {
            String value = word.substring(word.indexOf('=') + 1);
            switch (word.substring(0, word.indexOf('=') + 1)) {
                case "order=" -> {
                    if (order.isPresent()) {
                        throw new OpException(Code.USAGE, "You can only specify 'order' once when starting a VM");
                    }
                    order = Optional.of(BootOrder.parse(word)
                            .orElseThrow(() -> new OpException(
                                    Code.USAGE, "Invalid boot order: \"" + word + "\" (such as order=cd,once=d)")));
                }
                case "cdrom=" -> drives.add(drive(word, value).with("media", "cdrom"));
                case "disk=" -> drives.add(drive(word, value).with("media", "disk"));
                default ->
                    throw new OpException(
                            Code.USAGE,
                            "Invalid argument to start: " + word.replaceAll("=.*", "")
                                    + " (want order=cd,once=d, cdrom=PATH,MODEL or disk=PATH,MODEL)");
            }
        }
        return new BootOnce(order, drives);
    }

    private static Json.Obj drive(String word, String value) {
        int comma = value.lastIndexOf(',');
        if (comma <= 0 || !value.startsWith("/")) {
            throw new OpException(
                    Code.USAGE,
                    "Parameter to " + word.replaceAll("=.*", "") + " must be: path,model (and the path absolute): \""
                            + value + "\"");
        }
        return Json.object().with("path", value.substring(0, comma)).with("model", value.substring(comma + 1));
    }

    /** @throws OpException USAGE when the VM is no machine; FAILED for a model that its brand hasn't */
    void require(VmConfig vm) {
        if (equals(NOTHING)) {
            return;
        }
        if (!vm.brand().isHvm()) {
            throw new OpException(Code.USAGE, "start takes no arguments for this VM: it is not a hardware VM");
        }
        for (Json.Obj drive : drives) {
            String model = drive.string("model", "");
            if (Disk.Model.find(model, Disks.models(vm.brand())).isEmpty()) {
                throw new OpException(Code.FAILED, Disks.invalidModel(model, vm.brand()));
            }
        }
    }

    /** The VM's disks and, after them, those of this boot. */
    List<Disks.Kept> disks(VmConfig vm) {
        UUID uuid = vm.uuid();
        return Stream.concat(Disks.of(vm).stream(), drives.stream().map(drive -> new Disks.Kept(uuid, drive)))
                .toList();
    }

    /** For the journal. */
    Json.Obj toJson() {
        Json.Obj json = Json.object().with("drives", Json.Arr.of(drives.stream()));
        return order.isPresent() ? json.with("order", order.get().toString()) : json;
    }

    static BootOnce of(Json.Obj json) {
        return new BootOnce(
                json.string("order").flatMap(BootOrder::parse),
                json.array("drives").objects());
    }
}
