package zonda.vm;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Saga;
import zonda.base.Undo;
import zonda.storage.Dataset;
import zonda.storage.Datasets;
import zonda.storage.ReceiveListener;
import zonda.storage.ReceiveRequest;
import zonda.storage.SendRequest;

/**
 * send, receive and install of vmadm(8): a VM with its data as one stream.
 *
 * <p>A VM is sent whole, with its snapshots and without need of its image: whatever host has received it can boot it.
 */
public final class Transfer {
    private static final String SNAPSHOT = "sending";
    private static final String EXPORT = "exporting";
    private static final int BUFFER = 256 << 10;

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
        Vms.requireWhole(vms.find(uuid), "send");
        options.base().ifPresent(base -> requireBase(sent, base));
        if (options.live()) {
            sendLive(uuid, options, out);
            return;
        }
        vms.stop(uuid, false, Optional.empty());
        vms.lane(uuid).run(() -> {
            VmConfig config = vms.find(uuid).config();
            if (vms.machinery().running(uuid).isPresent()) {
                throw new OpException(Code.CONFLICT, "VM " + uuid + " was started while it was to be sent");
            }
            Datasets datasets = vms.machinery().datasets(config);
            String snapshot = options.snapshot(SNAPSHOT);
            forget(datasets, config, snapshot);
            datasets.snapshots(snapshots(datasets, config, snapshot), Map.of());
            try (var undo = new Undo()) {
                undo.add(() -> forget(datasets, config, snapshot));
                // As it was before it was stopped for this.
                write(out, config.with("autoboot", Json.of(sent.autoboot())), options, snapshot);
                keepIfAsked(options, undo);
            }
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

    /** Without {@code -k}, what was sent goes in any case. */
    private static void keepIfAsked(SendOptions options, Undo undo) {
        if (options.keep().isPresent()) {
            undo.keep();
        }
    }

    private void write(OutputStream out, VmConfig vm, SendOptions options, String snapshot) throws IOException {
        Datasets datasets = vms.machinery().datasets(vm);
        VmBundle.writeVm(out, Increment.with(shown(vm), options, snapshot, datasets.snapshots(vm.dataset())));
        writeDatasets(out, vm, snapshot, options.base());
        out.flush();
    }

    /** It must not boot with the other host while it runs here: that is said by the increment that is sent at last. */
    private void sendLive(UUID uuid, SendOptions options, OutputStream out) {
        String snapshot = options.snapshot(EXPORT);
        VmConfig config = begin(uuid, "send", snapshot);
        Datasets datasets = vms.machinery().datasets(config);
        try (var undo = new Undo()) {
            undo.add(() -> end(uuid, config, snapshot));
            write(out, config.with("autoboot", Json.of(false)), options, snapshot);
            keepIfAsked(options, undo);
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
        Vms.requireWhole(vms.find(uuid), verb);
        if (!exported.add(uuid)) {
            throw new OpException(Code.CONFLICT, "VM " + uuid + " is being exported already");
        }
        try (var undo = new Undo()) {
            undo.add(() -> exported.remove(uuid));
            VmConfig frozen = vms.lane(uuid).run(() -> {
                VmConfig now = vms.find(uuid).config();
                Datasets datasets = vms.machinery().datasets(now);
                forget(datasets, now, snapshot);
                vms.machinery().still(now, () -> datasets.snapshots(snapshots(datasets, now, snapshot), Map.of()));
                return now;
            });
            undo.keep();
            return frozen;
        }
    }

    private void end(UUID uuid, VmConfig frozen, String snapshot) {
        vms.lane(uuid).run(() -> {
            VmConfig now = vms.store().find(uuid).map(VmRecord::config).orElse(frozen);
            forget(vms.machinery().datasets(frozen), now, snapshot);
            return uuid;
        });
    }

    /** What goes as a stream of its own. @param whole with the datasets below it */
    private record Part(String dataset, boolean whole) {}

    /** The root, a machine's disks, and what is delegated to the VM. */
    private static Stream<Part> parts(VmConfig vm) {
        Stream<Part> own = VmSnapshots.parts(vm).map(dataset -> new Part(dataset, false));
        return Delegation.isOf(vm) ? Stream.concat(own, Stream.of(new Part(Delegation.top(vm), true))) : own;
    }

    /** Snapshots of that name of all datasets that go. */
    private static List<String> snapshots(Datasets datasets, VmConfig vm, String name) {
        return parts(vm)
                .flatMap(part -> part.whole()
                        ? datasets.list(part.dataset()).stream().map(Dataset::name)
                        : Stream.of(part.dataset()))
                .map(dataset -> dataset + "@" + name)
                .toList();
    }

    /** A dataset that came after what the other host has is sent whole. */
    private void writeDatasets(OutputStream out, VmConfig vm, String snapshot, Optional<String> base)
            throws IOException {
        Datasets datasets = vms.machinery().datasets(vm);
        for (Part part : parts(vm).toList()) {
            VmBundle.writeDataset(out, part.dataset());
            String to = part.dataset() + "@" + snapshot;
            Optional<String> from = base.map(name -> part.dataset() + "@" + name)
                    .filter(name -> datasets.findSnapshot(name).isPresent());
            datasets.streams().send(new SendRequest(to, from, true, part.whole(), true), out, _ -> {});
        }
    }

    private void writeSummed(OutputStream out, VmConfig vm) {
        MessageDigest sum = VmBundle.digest();
        var summed = new DigestOutputStream(out, sum);
        try {
            VmBundle.writeVm(summed, shown(vm));
            writeDatasets(summed, vm, EXPORT, Optional.empty());
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
                forget(datasets, vm.config(), SNAPSHOT);
                forget(datasets, vm.config(), EXPORT);
            });
        }
    }

    private static void forget(Datasets datasets, VmConfig vm, String name) {
        for (String snapshot : snapshots(datasets, vm, name)) {
            if (datasets.findSnapshot(snapshot).isPresent()) {
                datasets.destroy(snapshot, false);
            }
        }
    }

    private Json.Obj shown(VmConfig config) {
        Json.Obj shown = vms.get(config.uuid()).withAll(config.properties());
        return shown.without("state").without("zone_state").without("snapshots");
    }

    /**
     * Takes in a VM that {@link #send} wrote, here or on a SmartOS host. One that comes without data is kept as receiving
     * until its datasets are there and {@link #install} is asked for.
     *
     * @param pool where its datasets go; empty for where the stream says
     * @throws OpException saying what is wrong with the stream or its VM; nothing of it is left then
     */
    public UUID receive(InputStream in, Optional<String> pool) {
        // The reader of streams takes a buffered one as it is, and so reads not a byte too many.
        var buffered = new DigestInputStream(new BufferedInputStream(in, BUFFER), VmBundle.digest());
        try {
            Json.Obj read = VmBundle.readVm(buffered);
            Optional<Increment> increment = Increment.of(read);
            Json.Obj sent = Increment.without(read);
            if (increment.filter(one -> one.base().isPresent()).isPresent()) {
                return receiveIncrement(sent, increment.get(), buffered);
            }
            VmConfig config = config(sent, pool);
            Optional<VmBundle.Header> dataset = VmBundle.next(buffered);
            if (sent.bool("create_only", false) && dataset.isPresent()) {
                throw new OpException(Code.INVALID, "create_only is set, and datasets follow: send the record alone");
            }
            Saga saga = vms.claim("vm-receive", config);
            vms.lane(config.uuid()).run(() -> {
                carryOut(saga, config, dataset, buffered);
                return config;
            });
            return config.uuid();
        } catch (EOFException e) {
            throw VmBundle.cutOff(e);
        } catch (IOException e) {
            throw new UncheckedIOException("read the stream: " + e, e);
        }
    }

    /**
     * Brings a VM that was received before to what it is at the sender now. What changed in it here is undone. It counts
     * as receiving until all came: after an interruption the same increment is sent again.
     */
    private UUID receiveIncrement(Json.Obj sent, Increment increment, DigestInputStream in) throws IOException {
        UUID uuid = sent.string("uuid")
                .filter(Values::isUuid)
                .map(UUID::fromString)
                .orElseThrow(() -> new OpException(Code.INVALID, "Invalid bundle: its VM has no uuid"));
        VmRecord before = vms.store()
                .find(uuid)
                .orElseThrow(() -> new OpException(
                        Code.NOT_FOUND,
                        "cannot receive an increment of VM " + uuid + ": it is not here; send it whole, with -k"));
        VmConfig config = config(sent, Optional.of(before.config().zpool()));
        Optional<VmBundle.Header> first = VmBundle.next(in);
        vms.lane(uuid).run(() -> {
            VmRecord now = vms.find(uuid);
            if (vms.machinery().running(uuid).isPresent()) {
                throw new OpException(
                        Code.CONFLICT,
                        "cannot receive an increment of VM " + uuid + ": it runs here, and would lose what it did");
            }
            Datasets datasets = vms.machinery().datasets(config);
            increment.requireBase(config, datasets);
            vms.rules().checkConflicts(config);
            vms.store().change(config.uuid(), VmRecord.Life.RECEIVING);
            receiveAll(config, first, in, name -> ReceiveRequest.into(name).forced());
            increment.tidy(config, datasets);
            vms.store().change(uuid, vm -> vm.with(config));
            prepare(config);
            vms.machinery().applyDisks(now.config(), config);
            vms.store().change(config.uuid(), VmRecord.Life.INSTALLED);
            return uuid;
        });
        return uuid;
    }

    private VmConfig config(Json.Obj sent, Optional<String> pool) {
        Json.Obj shown = pool.map(name -> sent.with("zpool", name)).orElse(sent);
        Vms.Checked checked = vms.checkReceive(shown);
        checked.findings().throwIfFatal(false);
        var config = new VmConfig(checked.properties());
        if (config.brand().isHvm()) {
            HvmDatasets.requireSupported(vms.machinery().datasets(config));
        }
        return config;
    }

    private void carryOut(Saga saga, VmConfig config, Optional<VmBundle.Header> first, DigestInputStream in) {
        try {
            if (first.isEmpty()) {
                saga.step("receiving", () -> vms.store().change(config.uuid(), VmRecord.Life.RECEIVING));
            } else {
                saga.step("datasets", () -> receiveAll(config, first, in, ReceiveRequest::into));
                saga.step("prepare", () -> prepare(config));
                saga.step("received", () -> vms.store().change(config.uuid(), VmRecord.Life.INSTALLED));
            }
            saga.end();
        } catch (RuntimeException e) {
            vms.remove(config);
            saga.end();
            throw e;
        }
    }

    /** @param request for a dataset of this name */
    private void receiveAll(
            VmConfig config,
            Optional<VmBundle.Header> first,
            DigestInputStream in,
            Function<String, ReceiveRequest> request) {
        Datasets datasets = vms.machinery().datasets(config);
        Optional<VmBundle.Header> next = first;
        try {
            while (next.isPresent()) {
                datasets.streams().receive(request.apply(target(config, next.get())), kept(in), ReceiveListener.NONE);
                byte[] sum = sum(in);
                next = VmBundle.next(in);
                if (next.isPresent() && next.get().isEnd()) {
                    next.get().requireSum(sum);
                    return;
                }
            }
        } catch (IOException e) {
            throw new OpException(Code.INVALID, "Invalid bundle: " + e.getMessage(), e);
        }
    }

    /** Of all that was read. */
    private static byte[] sum(DigestInputStream in) {
        try {
            return ((MessageDigest) in.getMessageDigest().clone()).digest();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("SHA-256 of this JDK can not be cloned", e);
        }
    }

    /** Only what is the VM's own is received. */
    private static String target(VmConfig config, VmBundle.Header header) {
        int slash = header.name().indexOf('/');
        String below = slash < 0 ? "" : header.name().substring(slash + 1);
        String target = config.zpool() + "/" + below;
        if (parts(config).map(Part::dataset).noneMatch(target::equals)) {
            throw new OpException(
                    Code.INVALID,
                    "Invalid bundle: dataset \"" + header.name() + "\" is not one of VM " + config.uuid());
        }
        return target;
    }

    /** The reader closes what it reads of, and more is to come. */
    private static InputStream kept(InputStream in) {
        return new BufferedInputStream(in, 1) {
            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                return in.read(into, offset, length);
            }

            @Override
            public int read() throws IOException {
                return in.read();
            }

            @Override
            public void close() {
                // Not ours.
            }
        };
    }

    private void prepare(VmConfig config) {
        Datasets datasets = vms.machinery().datasets(config);
        VmSnapshots.parts(config)
                .filter(part -> datasets.find(part).isEmpty())
                .findFirst()
                .ifPresent(part -> {
                    throw new OpException(Code.CONFLICT, "dataset " + part + " of VM " + config.uuid() + " is missing");
                });
        forget(datasets, config, SNAPSHOT);
        forget(datasets, config, EXPORT);
        vms.machinery().makeDatasets(config);
        vms.machinery().applyQuota(config);
    }

    /** Completes a VM whose datasets came another way. @throws OpException CONFLICT when it is not receiving */
    public void install(UUID uuid) {
        vms.lane(uuid).run(() -> {
            if (vms.find(uuid).life() != VmRecord.Life.RECEIVING) {
                throw new OpException(
                        Code.CONFLICT,
                        "Unable to install VM " + uuid + ": it is not receiving, it is "
                                + vms.get(uuid).string("state", ""));
            }
            complete(uuid);
            return uuid;
        });
    }

    /** The datasets of a VM that is receiving are there. */
    void complete(UUID uuid) {
        VmConfig config = vms.find(uuid).config();
        prepare(config);
        vms.store().change(config.uuid(), VmRecord.Life.INSTALLED);
    }

    /** A VM that came whole before the daemon died stays; of any other nothing does. */
    void settle(Saga saga) {
        var config = new VmConfig(saga.intent().about().object("config"));
        boolean kept = vms.store()
                .find(config.uuid())
                .filter(vm -> List.of(VmRecord.Life.INSTALLED, VmRecord.Life.RECEIVING)
                        .contains(vm.life()))
                .isPresent();
        if (!kept) {
            vms.remove(config);
        }
        saga.end();
    }
}
