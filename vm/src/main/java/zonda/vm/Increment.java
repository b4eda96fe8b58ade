package zonda.vm;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.storage.Dataset;
import zonda.storage.Datasets;
import zonda.storage.Snapshot;

/**
 * What a bundle says besides the VM when both hosts keep what was sent: on top of which snapshots its streams are, which
 * they bring, and which of the VM's own the sender has.
 *
 * @param base empty of a whole VM
 */
record Increment(Optional<String> base, String to, Set<String> own) {
    /** Of the VM's JSON. SmartOS does not know it, and ignores it. */
    private static final String MEMBER = "zonda_increment";

    static Json.Obj with(Json.Obj vm, SendOptions options, String to, List<Snapshot> there) {
        if (options.keep().isEmpty() && options.from().isEmpty()) {
            return vm;
        }
        return vm.with(
                MEMBER,
                Json.object()
                        .with("base", options.base())
                        .with("to", to)
                        .with(
                                "snapshots",
                                Json.Arr.ofStrings(there.stream()
                                        .map(Snapshot::shortName)
                                        .filter(name -> name.startsWith(VmSnapshots.PREFIX))
                                        .toList())));
    }

    static Optional<Increment> of(Json.Obj sent) {
        if (!sent.has(MEMBER)) {
            return Optional.empty();
        }
        Json.Obj said = sent.object(MEMBER);
        return Optional.of(new Increment(
                said.string("base"),
                said.string("to", ""),
                Set.copyOf(said.array("snapshots").strings())));
    }

    static Json.Obj without(Json.Obj sent) {
        return sent.without(MEMBER);
    }

    /** @throws OpException CONFLICT when what it is on top of isn't there */
    void requireBase(VmConfig vm, Datasets datasets) {
        String name = vm.dataset() + "@" + base.orElseThrow();
        if (datasets.findSnapshot(name).isEmpty()) {
            throw new OpException(
                    Code.CONFLICT,
                    "cannot receive an increment of VM " + vm.uuid() + ": there is no " + name
                            + "; send the VM whole, with -k");
        }
    }

    /** Destroys what the sender has not any more, and what no increment will be on top of. */
    void tidy(VmConfig vm, Datasets datasets) {
        for (String dataset : VmSnapshots.parts(vm).collect(Collectors.toSet())) {
            datasets.snapshots(dataset).stream()
                    .filter(this::isOver)
                    .forEach(snapshot -> datasets.destroy(snapshot.name(), false));
        }
        if (Delegation.isOf(vm)) {
            for (Dataset below : datasets.list(Delegation.top(vm))) {
                datasets.snapshots(below.name()).stream()
                        .filter(snapshot -> snapshot.shortName().startsWith(SendOptions.KEPT))
                        .filter(this::isOver)
                        .forEach(snapshot -> datasets.destroy(snapshot.name(), false));
            }
        }
    }

    private boolean isOver(Snapshot snapshot) {
        String name = snapshot.shortName();
        return name.startsWith(VmSnapshots.PREFIX)
                ? !own.contains(name)
                : name.startsWith(SendOptions.KEPT) && !name.equals(to);
    }
}
