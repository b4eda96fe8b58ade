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
 * What a bundle says besides the VM: which snapshots its streams bring and on top of which they are, and which of the VM's
 * own the sender has. By it the receiver knows when all came.
 *
 * @param base the name of the snapshots that the streams are on top of; empty of a whole VM
 * @param to the name of those that they end with
 * @param own the sender's {@code vmsnap-} snapshots
 * @param ends the identities of the snapshots that the streams end with, one of each dataset
 * @param live whether the VM runs on at the sender
 * @param resumable whether the sender keeps them when the bundle is cut short
 * @param rest whether the bundle is the rest of one that was cut short
 * @param came whether all of it came, as the receiver notes before it tidies up
 */
record BundleNotes(
        Optional<String> base,
        String to,
        Set<String> own,
        Set<Long> ends,
        boolean live,
        boolean resumable,
        boolean rest,
        boolean came) {
    /** Of the VM's JSON. SmartOS does not know it, and ignores it. */
    private static final String MEMBER = "zonda_bundle";

    private static final int HEXADECIMAL = 16;

    static BundleNotes of(VmConfig vm, Datasets datasets, SendOptions options, String to) {
        Set<Long> ends = Shipped.snapshots(datasets, vm, to).stream()
                .flatMap(name -> datasets.streams().identity(name).stream().boxed())
                .collect(Collectors.toSet());
        return new BundleNotes(
                options.base(),
                to,
                datasets.snapshots(vm.dataset()).stream()
                        .map(Snapshot::shortName)
                        .filter(name -> name.startsWith(VmSnapshots.PREFIX))
                        .collect(Collectors.toSet()),
                ends,
                options.live(),
                options.resumable(),
                false,
                false);
    }

    Json.Obj with(Json.Obj vm) {
        return vm.with(
                MEMBER,
                Json.object()
                        .with("base", base)
                        .with("to", to)
                        .with(
                                "snapshots",
                                Json.Arr.ofStrings(own.stream().sorted().toList()))
                        .with(
                                "ends",
                                Json.Arr.ofStrings(ends.stream()
                                        .map(Long::toHexString)
                                        .sorted()
                                        .toList()))
                        .with("live", live)
                        .with("resumable", resumable)
                        .with("rest", rest)
                        .with("came", came));
    }

    /** @throws OpException INVALID when they make no sense */
    static Optional<BundleNotes> of(Json.Obj sent) {
        if (!sent.has(MEMBER)) {
            return Optional.empty();
        }
        Json.Obj said = sent.object(MEMBER);
        return Optional.of(new BundleNotes(
                said.string("base"),
                said.string("to", ""),
                Set.copyOf(said.array("snapshots").strings()),
                numbers(said.array("ends").strings()),
                said.bool("live", false),
                said.bool("resumable", false),
                said.bool("rest", false),
                said.bool("came", false)));
    }

    static Set<Long> numbers(List<String> hexadecimal) {
        try {
            return hexadecimal.stream()
                    .map(text -> Long.parseUnsignedLong(text, HEXADECIMAL))
                    .collect(Collectors.toSet());
        } catch (NumberFormatException e) {
            throw new OpException(Code.INVALID, "Invalid bundle: a snapshot's number is none", e);
        }
    }

    static Json.Obj without(Json.Obj sent) {
        return sent.without(MEMBER);
    }

    BundleNotes ofWhole() {
        return new BundleNotes(base, to, own, ends, live, resumable, rest, true);
    }

    /** Whether all that the streams end with is there, or was when it came. */
    boolean isWhole(VmConfig vm, Datasets datasets) {
        return came || Shipped.identities(datasets, vm).containsAll(ends);
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
