package zonda.vm;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.kvm.Disk;

/**
 * How a machine's disks are to be others.
 *
 * @param before by their paths, as {@code after}
 */
record DiskChanges(Brand brand, Map<String, Disks.Kept> before, Map<String, Disks.Kept> after) {
    static DiskChanges of(VmConfig before, VmConfig after) {
        return new DiskChanges(after.brand(), byPath(before), byPath(after));
    }

    private static Map<String, Disks.Kept> byPath(VmConfig vm) {
        return Disks.of(vm).stream()
                .collect(Collectors.toMap(
                        Disks.Kept::path, Function.identity(), (first, _) -> first, LinkedHashMap::new));
    }

    List<Disks.Kept> added() {
        return missing(after, before);
    }

    List<Disks.Kept> removed() {
        return missing(before, after);
    }

    private static List<Disks.Kept> missing(Map<String, Disks.Kept> from, Map<String, Disks.Kept> in) {
        return from.values().stream()
                .filter(disk -> !in.containsKey(disk.path()))
                .toList();
    }

    /** One that stays. */
    private record Staying(Disks.Kept before, Disks.Kept after) {
        boolean grows() {
            return after.size().value() > before.size().value();
        }

        /** How a disk is stored, and what is kept free for it, is no affair of the machine's; a volume can grow. */
        boolean goesOn() {
            boolean fits = after.size().value() == before.size().value()
                    || (grows() && after.dataset().isPresent());
            return fits && seen(before).equals(seen(after));
        }

        private static Json.Obj seen(Disks.Kept disk) {
            return disk.properties()
                    .without("refreservation")
                    .without("compression")
                    .without("size");
        }
    }

    private Stream<Staying> staying() {
        return after.values().stream()
                .flatMap(disk ->
                        Optional.ofNullable(before.get(disk.path())).map(old -> new Staying(old, disk)).stream());
    }

    /** Those that become larger, as they will be. */
    List<Disks.Kept> grown() {
        return staying().filter(Staying::grows).map(Staying::after).toList();
    }

    /** Why a machine that runs can't have its disks changed so, if it can't: in SmartOS' words, which never does it. */
    Optional<String> refusalWhileRunning() {
        if (!added().stream().allMatch(this::isPluggable) || !removed().stream().allMatch(this::isPluggable)) {
            return Optional.of(refusal("updates to disks are"));
        }
        return staying().allMatch(Staying::goesOn)
                ? Optional.empty()
                : Optional.of(refusal("at least one specified update to disks is"));
    }

    private static String refusal(String what) {
        return what + " only allowed when state is \"stopped\", currently: running (running)";
    }

    /** The board of brand kvm takes PCI devices while it runs, the other does not; other models aren't seen by guests. */
    private boolean isPluggable(Disks.Kept disk) {
        return brand == Brand.KVM
                && disk.number() >= 0
                && !disk.isCdrom()
                && !disk.boots()
                && disk.model(brand) == Disk.Model.VIRTIO;
    }
}
