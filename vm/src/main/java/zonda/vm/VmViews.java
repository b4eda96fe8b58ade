package zonda.vm;

import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import zonda.base.Json;

/** VMs as they were last shown: a list of many VMs shows most of them as before. Any thread may call it. */
final class VmViews {
    private record Shown(VmRecord vm, VmView.Now now, Json.Obj view) {}

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
        var now = new VmView.Now(
                machinery.running(uuid),
                stopping.contains(uuid),
                store.lastModified(uuid),
                host.zonepath(vm.config()),
                machinery.snapshots().of(vm.config()),
                tokens.apply(vm).map(TransferToken::text),
                Missing.of(vm, machinery.pool(vm.config())),
                host.facts());
        return shown.compute(
                        uuid,
                        (_, known) ->
                                known != null && known.vm() == vm && known.now().equals(now)
                                        ? known
                                        : new Shown(vm, now, VmView.show(vm, now)))
                .view();
    }

    void forget(UUID vm) {
        shown.remove(vm);
    }
}
