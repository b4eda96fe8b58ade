package zonda.vm;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Undo;
import zonda.storage.Datasets;
import zonda.storage.SendPart;
import zonda.storage.SendRequest;
import zonda.storage.Snapshot;
import zonda.zones.ExitStatus;

/**
 * send and export of vmadm(8): a VM with its data as one stream.
 *
 * <p>A VM is sent whole, with its snapshots and without need of its image: whatever host has received it can boot it.
 * What is sent resumably are snapshots that stay until all of them was taken, also when the daemon ends meanwhile.
 */
public final class Transfer {
    private static final String SNAPSHOT = "sending";
    private static final String EXPORT = "exporting";

    private final Vms vms;
    private final Set<UUID> exported = ConcurrentHashMap.newKeySet();

    Transfer(Vms vms) {
        this.vms = vms;
    }

    /**
     * Writes the VM. Unless it is sent live it is stopped first and stays so, so that it doesn't run in two places.
     *
     * @throws OpException NOT_FOUND, also when there is nothing that an increment could be on top of; CONFLICT for a VM
     *     that isn't whole
     */
    public void send(UUID uuid, SendOptions options, OutputStream out) {
        VmConfig sent = vms.find(uuid).config();
        vms.find(uuid).requireWhole("send");
        options.base().ifPresent(base -> requireBase(sent, base));
        if (options.live()) {
            sendLive(uuid, options, out);
            return;
        }
        vms.stop(uuid, false, Optional.empty());
        vms.lane(uuid).run("send", () -> {
            VmConfig config = vms.find(uuid).config();
            if (vms.machinery().running(uuid).isPresent()) {
                throw new OpException(Code.CONFLICT, "VM " + uuid + " was started while it was to be sent");
            }
            Datasets datasets = vms.machinery().datasets(config);
            String snapshot = options.snapshot(SNAPSHOT);
            Shipped.forget(datasets, config, snapshot);
            Shipped.make(datasets, config, snapshot);
            // As it was before it was stopped for this.
            write(
                    out,
                    config.with("autoboot", Json.of(sent.autoboot())),
                    options,
                    snapshot,
                    () -> Shipped.forget(datasets, config, snapshot));
            return uuid;
        });
    }

    private void requireBase(VmConfig config, String base) {
        String name = config.dataset() + "@" + base;
        if (vms.machinery().datasets(config).findSnapshot(name).isEmpty()) {
            throw new OpException(
                    Code.NOT_FOUND, "VM " + config.uuid() + " was not sent under that name: there is no " + name);
        }
    }

    /** @param forget takes the snapshots away */
    private void write(OutputStream out, VmConfig vm, SendOptions options, String snapshot, Runnable forget)
            throws IOException {
        boolean taken = false;
        try (var undo = new Undo()) {
            undo.add(forget);
            try {
                Datasets datasets = vms.machinery().datasets(vm);
                VmBundle.writeVm(
                        out, BundleNotes.of(vm, datasets, options, snapshot).with(shown(vm)));
                writeDatasets(out, vm, snapshot, options.base(), Set.of());
                out.flush();
                taken = true;
            } finally {
                if (taken ? options.keep().isPresent() : options.resumable()) {
                    undo.keep();
                }
            }
        }
    }

    /** It must not boot with the other host while it runs here: that is said by the increment that is sent at last. */
    private void sendLive(UUID uuid, SendOptions options, OutputStream out) {
        String snapshot = options.snapshot(EXPORT);
        VmConfig config = begin(uuid, "send", snapshot);
        try {
            write(out, config.with("autoboot", Json.of(false)), options, snapshot, () -> end(uuid, config, snapshot));
        } catch (IOException e) {
            throw new UncheckedIOException("write the stream: " + e, e);
        } finally {
            exported.remove(uuid);
        }
    }

    /**
     * Writes a VM, which may run and runs on, with a checksum at its end: its data are as they are when this begins.
     *
     * @throws OpException NOT_FOUND, CONFLICT for one that isn't whole or is being exported
     */
    public void export(UUID uuid, OutputStream out) {
        VmConfig config = begin(uuid, "export", EXPORT);
        try (var undo = new Undo()) {
            undo.add(() -> end(uuid, config, EXPORT));
            writeSummed(out, config);
        } finally {
            exported.remove(uuid);
        }
    }

    /** Makes snapshots of a VM that runs on. Until it is removed from those exported, nobody else does. */
    private VmConfig begin(UUID uuid, String verb, String snapshot) {
        vms.find(uuid).requireWhole(verb);
        if (!exported.add(uuid)) {
            throw new OpException(Code.CONFLICT, "VM " + uuid + " is being exported already");
        }
        try (var undo = new Undo()) {
            undo.add(() -> exported.remove(uuid));
            VmConfig frozen = vms.lane(uuid).run("send", () -> {
                VmConfig now = vms.find(uuid).config();
                Datasets datasets = vms.machinery().datasets(now);
                Shipped.forget(datasets, now, snapshot);
                vms.machinery().still(now, () -> Shipped.make(datasets, now, snapshot));
                return now;
            });
            undo.keep();
            return frozen;
        }
    }

    private void end(UUID uuid, VmConfig frozen, String snapshot) {
        vms.lane(uuid).run("send", () -> {
            VmConfig now = vms.store().find(uuid).map(VmRecord::config).orElse(frozen);
            Shipped.forget(vms.machinery().datasets(frozen), now, snapshot);
            return uuid;
        });
    }

    /**
     * Writes what is left of a bundle that was cut short, of the snapshots that were sent then. Unless the VM was sent
     * live it must not have run since.
     *
     * @throws OpException NOT_FOUND when they are not kept any more
     */
    public void sendRest(TransferToken token, OutputStream out) {
        UUID uuid = token.vm();
        VmRecord vm = vms.find(uuid);
        vm.requireWhole("send");
        if (!exported.add(uuid)) {
            throw new OpException(Code.CONFLICT, "VM " + uuid + " is being exported already");
        }
        try {
            if (token.live()) {
                writeRest(vm.config(), token, out);
            } else {
                vms.lane(uuid).run("send", () -> {
                    requireDown(vms.find(uuid), token);
                    writeRest(vm.config(), token, out);
                    return uuid;
                });
            }
        } catch (IOException e) {
            throw new UncheckedIOException("write the stream: " + e, e);
        } finally {
            exported.remove(uuid);
        }
        if (token.to().equals(SendOptions.RESUMABLE)) {
            end(uuid, vm.config(), token.to());
        }
    }

    private Snapshot requireKept(VmConfig vm, String name) {
        return vms.machinery()
                .datasets(vm)
                .findSnapshot(vm.dataset() + "@" + name)
                .orElseThrow(() -> new OpException(
                        Code.NOT_FOUND,
                        "what was sent of VM " + vm.uuid() + " is not kept any more: there is no " + vm.dataset() + "@"
                                + name + "; send it from the beginning"));
    }

    /** What it did since would be lost. */
    private void requireDown(VmRecord vm, TransferToken token) {
        Instant sent = requireKept(vm.config(), token.to()).created();
        boolean ran = vm.lastExit().map(ExitStatus::when).filter(sent::isBefore).isPresent();
        if (ran || vms.machinery().running(vm.uuid()).isPresent()) {
            throw new OpException(
                    Code.CONFLICT,
                    "VM " + vm.uuid() + " has run since it was sent, and what it did would be lost; stop it, delete"
                            + " what the other host has of it, and send it from the beginning");
        }
    }

    private void writeRest(VmConfig vm, TransferToken token, OutputStream out) throws IOException {
        Datasets datasets = vms.machinery().datasets(vm);
        requireKept(vm, token.to());
        token.base().ifPresent(base -> requireKept(vm, base));
        var notes = new BundleNotes(token.base(), token.to(), Set.of(), Set.of(), token.live(), true, true, false);
        VmBundle.writeVm(out, notes.with(shown(vm)));
        Set<Long> there = token.there();
        if (token.rest().isPresent()) {
            SendRequest rest = SendRequest.rest(token.rest().get());
            SendPart part = datasets.streams().parts(rest).getFirst();
            String dataset = part.snapshot().substring(0, part.snapshot().indexOf('@'));
            if (Shipped.parts(vm).noneMatch(one -> one.has(dataset))) {
                throw new OpException(Code.USAGE, "Invalid token: " + dataset + " is not of VM " + vm.uuid());
            }
            VmBundle.writeDataset(out, dataset);
            datasets.streams().send(rest, out, _ -> {});
            there = Stream.concat(there.stream(), rest.isRestOf().stream().boxed())
                    .collect(Collectors.toSet());
        }
        writeDatasets(out, vm, token.to(), token.base(), there);
        out.flush();
    }

    /** A dataset that came after what the other host has is sent whole. @param there what need not be sent */
    private void writeDatasets(OutputStream out, VmConfig vm, String snapshot, Optional<String> base, Set<Long> there)
            throws IOException {
        Datasets datasets = vms.machinery().datasets(vm);
        for (Shipped.Part part : Shipped.parts(vm).toList()) {
            String to = part.dataset() + "@" + snapshot;
            Optional<String> from = base.map(name -> part.dataset() + "@" + name)
                    .filter(name -> datasets.findSnapshot(name).isPresent());
            SendRequest request = new SendRequest(to, from, true, part.whole(), true)
                    .skippingMissing()
                    .without(there);
            if (!datasets.streams().parts(request).isEmpty()) {
                VmBundle.writeDataset(out, part.dataset());
                datasets.streams().send(request, out, _ -> {});
            }
        }
    }

    private void writeSummed(OutputStream out, VmConfig vm) {
        MessageDigest sum = VmBundle.digest();
        var summed = new DigestOutputStream(out, sum);
        try {
            BundleNotes notes = BundleNotes.of(vm, vms.machinery().datasets(vm), SendOptions.LIVE, EXPORT);
            VmBundle.writeVm(summed, notes.with(shown(vm)));
            writeDatasets(summed, vm, EXPORT, Optional.empty(), Set.of());
            summed.flush();
            VmBundle.writeEnd(out, sum.digest());
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("write the file: " + e, e);
        }
    }

    /** Takes away what an interrupted send or export of an earlier daemon left. */
    void forgetInterrupted() {
        for (VmRecord vm : vms.store().all()) {
            vms.machinery().pool(vm.config()).ifPresent(datasets -> {
                Shipped.forget(datasets, vm.config(), SNAPSHOT);
                Shipped.forget(datasets, vm.config(), EXPORT);
            });
        }
    }

    /** Those that came with a VM, and are of no use to it. */
    static void forgetAll(Datasets datasets, VmConfig vm) {
        Stream.of(SNAPSHOT, EXPORT, SendOptions.RESUMABLE).forEach(name -> Shipped.forget(datasets, vm, name));
    }

    private Json.Obj shown(VmConfig config) {
        Json.Obj shown = vms.get(config.uuid()).withAll(config.properties());
        return shown.without("state").without("zone_state").without("snapshots");
    }
}
