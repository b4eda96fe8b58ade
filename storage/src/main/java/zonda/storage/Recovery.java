package zonda.storage;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import zonda.base.OpException;
import zonda.kernel.Directory;
import zonda.kernel.KernelException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.NodeRecord.Mark;
import zonda.storage.PoolDriver.Charge;
import zonda.storage.PoolDriver.Inventory;
import zonda.zstream.FilesystemReceiver;
import zonda.zstream.ResumeToken;

/**
 * Opening a pool: holds the records against what is on it, completes or removes what a crash cut short, and fills the
 * catalog. It can itself be interrupted at any point and run again.
 *
 * <ul>
 *   <li>Marked gone, or below something that is: its subvolumes are destroyed, then its files.
 *   <li>An intent whose subvolume is there: finished, and kept.
 *   <li>An intent without subvolume: it goes. What came of a receive that can be gone on with stays.
 *   <li>A snapshot that was received, and whose dataset has not its content yet: that follows.
 *   <li>A record without subvolume or without parent: reported, and not listed.
 *   <li>A subvolume without record: reported, and left alone.
 * </ul>
 */
final class Recovery {
    private final PoolDriver driver;
    private final RecordStore store;
    private final ObjectMaps maps;
    private final Catalog catalog = new Catalog();
    private final List<String> findings = new ArrayList<>();
    /** What was on the pool when it was looked at, and goes: nobody need know of it. */
    private final Set<Guid> removed = new HashSet<>();

    Recovery(PoolDriver driver, RecordStore store, ObjectMaps maps) {
        this.driver = driver;
        this.store = store;
        this.maps = maps;
    }

    /** What the operator should know. */
    List<String> findings() {
        return List.copyOf(findings);
    }

    /** Runs it; all is durable when it returns. */
    Catalog run() {
        RecordStore.Loaded loaded = store.load();
        loaded.unreadable().forEach(file -> findings.add("record " + file + " is not readable: left alone"));
        Map<Guid, NodeRecord> records = new HashMap<>(loaded.making());
        records.putAll(loaded.made());
        destroyMarked(records, loaded.gone());

        adopt(records, loaded);
        Inventory inventory = driver.inventory();
        dropIncomplete(records, loaded, inventory);
        List<Partial> partials = takePartials(records, loaded, inventory);
        dropUnmade(records, loaded, inventory);
        fill(records);
        partials.forEach(catalog::put);
        finishMade(loaded);
        finishArriving();
        describeAll();
        reportStrangers(inventory);
        driver.reconcile(charges(), snapshots());
        driver.reservations().ifPresent(own -> own.reconcile(allotments()));
        tune();
        store.settling(driver::sync);
        maps.retain(catalog.snapshotGuids());
        return catalog;
    }

    private void adopt(Map<Guid, NodeRecord> records, RecordStore.Loaded loaded) {
        List<Frozen> begun = records.values().stream()
                .filter(record -> !loaded.made().containsKey(record.guid()))
                .filter(Frozen.class::isInstance)
                .map(Frozen.class::cast)
                .toList();
        if (!begun.isEmpty()) {
            driver.streams().ifPresent(own -> own.adopt(begun));
        }
    }

    private void destroyMarked(Map<Guid, NodeRecord> records, Map<Guid, List<Guid>> marks) {
        var gone = new HashSet<>(marks.keySet());
        marks.values().forEach(gone::addAll);
        int before;
        do {
            before = gone.size();
            records.values().stream()
                    .filter(record -> switch (record) {
                        case Filesystem dataset ->
                            dataset.parent().filter(gone::contains).isPresent();
                        case Frozen snapshot -> gone.contains(snapshot.dataset());
                        case Mark mark -> gone.contains(mark.dataset());
                    })
                    .forEach(record -> gone.add(record.guid()));
        } while (gone.size() > before);
        List<NodeRecord> going = records.values().stream()
                .filter(record -> gone.contains(record.guid()))
                .sorted(Comparator.comparing(record -> record instanceof Filesystem))
                .toList();
        List<String> reasons = new Finishing(driver).destroyAll(going);
        reasons.forEach(why -> findings.add("what was destroyed is still there: " + why));
        if (reasons.isEmpty()) {
            // The marks last: what lies below a mark is known by it.
            gone.stream().filter(guid -> !marks.containsKey(guid)).forEach(store::forget);
            marks.keySet().forEach(store::forget);
        }
        gone.forEach(records::remove);
    }

    /** Of nodes that count together, all go when the subvolume of one was not made any more. */
    private void dropIncomplete(Map<Guid, NodeRecord> records, RecordStore.Loaded loaded, Inventory inventory) {
        loaded.groups().forEach((_, group) -> {
            List<NodeRecord> begun = group.stream()
                    .filter(guid -> !loaded.made().containsKey(guid))
                    .flatMap(guid -> Optional.ofNullable(records.get(guid)).stream())
                    .toList();
            if (begun.stream().anyMatch(record -> !isThere(record, inventory))) {
                begun.forEach(record -> dropUnmade(records, record));
            }
            store.apart(group);
        });
    }

    private static boolean isThere(NodeRecord record, Inventory inventory) {
        return switch (record) {
            case Filesystem dataset -> inventory.datasets().contains(dataset.guid());
            case Frozen snapshot -> inventory.snapshots().contains(snapshot.id());
            case Mark _ -> true;
        };
    }

    /** It can be there without being in a commit yet, when the daemon was killed and the host was not. */
    private void dropUnmade(Map<Guid, NodeRecord> records, NodeRecord record) {
        records.remove(record.guid());
        removed.add(record.guid());
        if (record instanceof Frozen snapshot && snapshot.notes().arriving()) {
            removed.add(snapshot.home());
        }
        new Finishing(driver).destroy(record);
        store.forget(record.guid());
    }

    /** Receives that can be gone on with, which are no snapshots yet. What can't be gone on with is left to go. */
    private List<Partial> takePartials(Map<Guid, NodeRecord> records, RecordStore.Loaded loaded, Inventory inventory) {
        var partials = new ArrayList<Partial>();
        for (NodeRecord record : List.copyOf(records.values())) {
            if (!(record instanceof Frozen snapshot) || !snapshot.notes().isResumable()) {
                continue;
            }
            List<SnapshotId> states = Finishing.states(inventory, snapshot);
            states.forEach(state -> removed.add(state.snapshot()));
            removed.add(snapshot.home());
            boolean canGoOn = !isThere(snapshot, inventory)
                    && inventory.datasets().contains(snapshot.home())
                    && records.get(snapshot.dataset()) instanceof Filesystem dataset
                    && isThere(dataset, inventory);
            Optional<Partial> newest = states.stream()
                    .filter(_ -> canGoOn)
                    .flatMap(state -> partial(snapshot, state).stream())
                    .max(Comparator.comparingLong(one -> one.token().bytes()));
            newest.ifPresent(one -> {
                partials.add(one);
                records.remove(snapshot.guid());
                states.stream().filter(state -> !state.equals(one.state())).forEach(driver::destroy);
            });
            if (!isThere(snapshot, inventory) && newest.isEmpty()) {
                dropMadeFor(records, loaded, snapshot);
            }
        }
        return partials;
    }

    /** A dataset that was made for a snapshot goes with it, when nothing of that came. */
    private void dropMadeFor(Map<Guid, NodeRecord> records, RecordStore.Loaded loaded, Frozen snapshot) {
        if (snapshot.notes().arrival() == SnapshotNotes.Arrival.RESUMABLE_INTO_NEW
                && !loaded.made().containsKey(snapshot.dataset())) {
            Optional.ofNullable(records.get(snapshot.dataset())).ifPresent(dataset -> dropUnmade(records, dataset));
        }
    }

    private Optional<Partial> partial(Frozen snapshot, SnapshotId state) {
        try (Directory place = Directory.open(driver.directory(state))) {
            ResumeToken token = FilesystemReceiver.position(place, Partial.directory(snapshot));
            return Optional.of(new Partial(snapshot, state.snapshot(), token));
        } catch (OpException e) {
            findings.add("what was received of " + snapshot.name() + " can't be gone on with: " + e.getMessage());
            return Optional.empty();
        }
    }

    private void dropUnmade(Map<Guid, NodeRecord> records, RecordStore.Loaded loaded, Inventory inventory) {
        for (NodeRecord record : List.copyOf(records.values())) {
            if (isThere(record, inventory)) {
                continue;
            }
            if (loaded.made().containsKey(record.guid())) {
                records.remove(record.guid());
                findings.add("the subvolume of " + record.toJson().compact() + " is missing");
            } else {
                dropUnmade(records, record);
            }
        }
    }

    /** Parents before children, whatever the order of the files. */
    private void fill(Map<Guid, NodeRecord> records) {
        var left = new ArrayList<Filesystem>();
        records.values().stream()
                .filter(Filesystem.class::isInstance)
                .map(Filesystem.class::cast)
                .forEach(left::add);
        var known = new HashSet<Guid>();
        boolean found = true;
        while (found) {
            List<Filesystem> next = left.stream()
                    .filter(dataset -> dataset.parent().map(known::contains).orElse(true))
                    .toList();
            next.forEach(dataset -> {
                catalog.put(dataset);
                known.add(dataset.guid());
            });
            left.removeAll(new HashSet<>(next));
            found = !next.isEmpty();
        }
        left.forEach(dataset -> findings.add("dataset " + dataset.toJson().compact() + " has no parent any more"));
        records.values().stream()
                .filter(Frozen.class::isInstance)
                .map(Frozen.class::cast)
                .filter(snapshot -> known.contains(snapshot.dataset()))
                .sorted(NodeRecord.AGE.thenComparing(snapshot -> ((Frozen) snapshot).name()))
                .forEach(catalog::put);
        records.values().stream()
                .filter(Mark.class::isInstance)
                .map(Mark.class::cast)
                .filter(mark -> known.contains(mark.dataset()))
                .forEach(catalog::put);
    }

    private void finishMade(RecordStore.Loaded loaded) {
        var finishing = new Finishing(driver);
        loaded.making().values().stream()
                .filter(record -> !loaded.made().containsKey(record.guid()))
                .filter(record -> catalog.partials().stream()
                        .noneMatch(partial -> partial.snapshot().guid().equals(record.guid())))
                .forEach(record -> {
                    if (record instanceof Filesystem dataset && catalog.contains(dataset.guid())) {
                        finishing.finishAgain(dataset);
                    }
                    store.made(record.guid());
                });
    }

    private void finishArriving() {
        for (Filesystem dataset : catalog.tree(catalog.root())) {
            for (Frozen snapshot : catalog.snapshots(dataset.guid())) {
                if (snapshot.notes().arriving()) {
                    new Finishing(driver).land(snapshot, catalog.accounts(dataset));
                    removed.add(snapshot.home());
                    // Its place goes for good before its record forgets it.
                    store.settling(driver::sync);
                    Frozen there = snapshot.withNotes(snapshot.notes().arriving(SnapshotNotes.Arrival.OVER));
                    store.replace(there);
                    catalog.put(there);
                }
            }
        }
    }

    /** A crash can come between a change of a record and of what is kept of it with the node. */
    private void describeAll() {
        Set<String> there = new HashSet<>(driver.descriptions());
        if (there.isEmpty()) {
            return;
        }
        var finishing = new Finishing(driver);
        for (Filesystem dataset : catalog.tree(catalog.root())) {
            List<NodeRecord> nodes = new ArrayList<>(catalog.snapshots(dataset.guid()));
            nodes.addAll(catalog.bookmarks(dataset.guid()));
            nodes.add(dataset);
            nodes.stream()
                    .filter(node -> !there.contains(Finishing.description(node)))
                    .forEach(finishing::describe);
        }
    }

    private void reportStrangers(Inventory inventory) {
        inventory.strangers().forEach(path -> findings.add("subvolume " + path + " is not the pool's: left alone"));
        inventory.datasets().stream()
                .filter(guid -> !catalog.contains(guid) && !removed.contains(guid))
                .forEach(guid -> findings.add("subvolume of dataset " + guid + " has no record: left alone"));
        Set<SnapshotId> known = snapshots().keySet();
        inventory.snapshots().stream()
                .filter(id -> !known.contains(id) && !removed.contains(id.snapshot()))
                .forEach(id -> findings.add("subvolume of snapshot " + id.snapshot() + " of dataset " + id.dataset()
                        + " has no record: left alone"));
    }

    private Map<Guid, Allotment> allotments() {
        var allotments = new HashMap<Guid, Allotment>();
        catalog.tree(catalog.root())
                .forEach(dataset ->
                        allotments.put(dataset.guid(), dataset.options().allotment()));
        return allotments;
    }

    /** A crash can come between a change of a record, or of a content, and of how it is stored. */
    private void tune() {
        var own = new HashMap<Guid, Tuning>();
        for (Filesystem dataset : catalog.tree(catalog.root())) {
            own.put(dataset.guid(), dataset.options().tuning());
            try {
                driver.compress(dataset.guid(), catalog.tuning(dataset).compression());
            } catch (KernelException e) {
                // One that is full, say, must not keep the pool from being opened.
                findings.add("compression of " + catalog.nameOf(dataset.guid()) + " is not set in all its directories: "
                        + e.getMessage());
            }
        }
        driver.reconcileTuning(own);
    }

    private Map<Guid, Charge> charges() {
        var charges = new HashMap<Guid, Charge>();
        for (Filesystem dataset : catalog.tree(catalog.root())) {
            charges.put(
                    dataset.guid(),
                    new Charge(catalog.accounts(dataset), dataset.options().quota()));
        }
        for (Partial partial : catalog.partials()) {
            charges.put(partial.place(), new Charge(accounts(partial), Optional.empty()));
        }
        if (!catalog.reserving().isEmpty() && driver.reservations().isEmpty()) {
            charges.put(Reservations.OTHERS, new Charge(List.of(Reservations.OTHERS), Optional.empty()));
        }
        return charges;
    }

    /** All snapshots, with whom they are charged to. */
    private Map<SnapshotId, List<Guid>> snapshots() {
        var owners = new HashMap<SnapshotId, List<Guid>>();
        catalog.partials().forEach(partial -> owners.put(partial.state(), accounts(partial)));
        for (Filesystem dataset : catalog.tree(catalog.root())) {
            catalog.snapshots(dataset.guid()).forEach(snapshot -> owners.put(snapshot.id(), catalog.accounts(dataset)));
        }
        return owners;
    }

    /** The place itself, and whom its dataset is charged to. */
    private List<Guid> accounts(Partial partial) {
        Filesystem dataset = catalog.dataset(partial.snapshot().dataset()).orElseThrow();
        return Stream.concat(Stream.of(partial.place()), catalog.accounts(dataset).stream())
                .toList();
    }
}
