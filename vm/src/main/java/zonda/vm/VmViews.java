package zonda.vm;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import zonda.base.Json;
import zonda.storage.Datasets;
import zonda.zones.RunningZone;

/** VMs as they were last shown: a list of many VMs shows most of them as before. Any thread may call it. */
final class VmViews {
    /** What a view was made from. Whatever else is in one follows from it. */
    private record Basis(
            VmRecord vm,
            Optional<RunningZone> running,
            boolean stopping,
            Instant modified,
            Optional<Datasets> pool,
            long changes,
            Host.HostFacts host) {
        /** Records are compared by identity: a changed one is another, and to compare all of it takes as long as a view. */
        boolean isStill(Basis now) {
            return vm == now.vm
                    && stopping == now.stopping
                    && changes == now.changes
                    && pool.equals(now.pool)
                    && running.equals(now.running)
                    && modified.equals(now.modified)
                    && host.equals(now.host);
        }
    }

    private record Shown(Basis basis, Json.Obj view) {}

    private final Host host;
    private final VmStore store;
    private final Machinery machinery;
    private final Stopping stopping;
    private final Function<VmRecord, Optional<TransferToken>> tokens;
    private final Map<UUID, Shown> shown = new ConcurrentHashMap<>();

    /**
     * @param tokens what the sender needs to go on with one that came in part
     */
    VmViews(
            Host host,
            VmStore store,
            Machinery machinery,
            Stopping stopping,
            Function<VmRecord, Optional<TransferToken>> tokens) {
        this.tokens = tokens;
        this.host = host;
        this.store = store;
        this.machinery = machinery;
        this.stopping = stopping;
    }

    Json.Obj show(VmRecord vm) {
        UUID uuid = vm.uuid();
        Optional<Datasets> pool = machinery.pool(vm.config());
        var basis = new Basis(
                vm,
                machinery.running(uuid),
                stopping.contains(uuid),
                store.lastModified(uuid),
                pool,
                pool.map(Datasets::changes).orElse(0L),
                host.facts());
        // How much came of a VM that is being received is nowhere else.
        boolean changesByItself = vm.incoming().isPresent();
        return shown.compute(
                        uuid,
                        (_, known) -> known != null
                                        && !changesByItself
                                        && known.basis().isStill(basis)
                                ? known
                                : new Shown(basis, view(basis)))
                .view();
    }

    private Json.Obj view(Basis basis) {
        VmRecord vm = basis.vm();
        return VmView.show(
                vm,
                new VmView.Now(
                        basis.running(),
                        basis.stopping(),
                        basis.modified(),
                        host.zonepath(vm.config()),
                        machinery.snapshots().of(vm.config()),
                        tokens.apply(vm).map(TransferToken::text),
                        Missing.of(vm, basis.pool()),
                        basis.host()));
    }

    void forget(UUID vm) {
        shown.remove(vm);
    }
}
