package zonda.vm;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Saga;
import zonda.storage.Datasets;
import zonda.storage.ReceiveListener;
import zonda.storage.ReceiveRequest;

/**
 * receive and install of vmadm(8).
 *
 * <p>A VM whose bundle was cut short is gone, unless it was asked for that what came is kept: then it is receiving, its
 * record has what the bundle said at its beginning, and its datasets have what came. What is missing is found by asking
 * them, so nothing has to be noted as the data come, and a daemon that dies loses no more than a few seconds of them.
 */
public final class Reception {
    private static final System.Logger LOG = System.getLogger(Reception.class.getName());
    private static final int BUFFER = 256 << 10;

    private final Vms vms;
    private final Set<UUID> arriving = ConcurrentHashMap.newKeySet();

    Reception(Vms vms) {
        this.vms = vms;
    }

    /**
     * Takes in a VM that {@link Transfer#send} wrote, here or on a SmartOS host. One that comes without data is kept as
     * receiving until its datasets are there and {@link #install} is asked for.
     *
     * @param pool where its datasets go; empty for where the stream says
     * @param keeps whether what came stays when the rest doesn't come
     * @throws OpException saying what is wrong with the stream or its VM; nothing of it is left then, unless it is kept
     */
    public UUID receive(InputStream in, Optional<String> pool, boolean keeps) {
        // The reader of streams takes a buffered one as it is, and so reads not a byte too many.
        var buffered = new DigestInputStream(new BufferedInputStream(in, BUFFER), VmBundle.digest());
        try {
            Json.Obj read = VmBundle.readVm(buffered);
            Optional<BundleNotes> notes = BundleNotes.of(read);
            if (keeps && notes.filter(BundleNotes::resumable).isEmpty()) {
                throw new OpException(
                        Code.INVALID, "-s needs a sender that keeps what it sends: vmadm send -s of the other host");
            }
            if (notes.filter(BundleNotes::rest).isPresent()) {
                return receiveRest(read, notes.get(), buffered);
            }
            if (notes.flatMap(BundleNotes::base).isPresent()) {
                return receiveIncrement(read, notes.get(), buffered, keeps);
            }
            return receiveWhole(read, notes, buffered, pool, keeps);
        } catch (EOFException e) {
            throw VmBundle.cutOff(e);
        } catch (IOException e) {
            throw new UncheckedIOException("read the stream: " + e, e);
        }
    }

    private UUID receiveWhole(
            Json.Obj read, Optional<BundleNotes> notes, DigestInputStream in, Optional<String> pool, boolean keeps)
            throws IOException {
        Json.Obj sent = BundleNotes.without(read);
        VmConfig config = config(sent, pool);
        Optional<VmBundle.Header> first = VmBundle.next(in);
        if (sent.bool("create_only", false) && first.isPresent()) {
            throw new OpException(Code.INVALID, "create_only is set, and datasets follow: send the record alone");
        }
        if (!keeps && first.isEmpty() && notes.isPresent()) {
            throw VmBundle.cutOff(new EOFException());
        }
        Saga saga = vms.claim("vm-receive", config);
        vms.lane(config.uuid()).run("receive", () -> {
            if (keeps) {
                saga.step("receiving", () -> vms.store().change(config.uuid(), vm -> vm.receiving(read)));
                goOn(saga, config, notes.orElseThrow(), first, in);
            } else {
                carryOut(saga, config, notes, first, in);
            }
            return config;
        });
        return config.uuid();
    }

    private void carryOut(
            Saga saga,
            VmConfig config,
            Optional<BundleNotes> notes,
            Optional<VmBundle.Header> first,
            DigestInputStream in) {
        try {
            if (first.isEmpty()) {
                saga.step("receiving", () -> vms.store().change(config.uuid(), VmRecord.Life.RECEIVING));
            } else {
                saga.step("datasets", () -> receiveAll(config, first, in, ReceiveRequest::into));
                notes.ifPresent(said -> requireWhole(config, said));
                saga.step("prepare", () -> prepare(config));
                saga.step("received", () -> vms.store().change(config.uuid(), VmRecord.Life.INSTALLED));
            }
            saga.end();
        } catch (RuntimeException e) {
            try {
                vms.remove(config);
                saga.end();
            } catch (RuntimeException cleanup) {
                e.addSuppressed(cleanup); // The next daemon takes it away, by the intent.
            }
            throw e;
        }
    }

    /** A stream that ends between two datasets looks as if it were at its end. */
    private void requireWhole(VmConfig config, BundleNotes notes) {
        if (!notes.isWhole(config, vms.machinery().datasets(config))) {
            throw VmBundle.cutOff(new EOFException());
        }
    }

    /**
     * Brings a VM that was received before to what it is at the sender now. What changed in it here is undone. It counts
     * as receiving until all came: after an interruption the same increment is sent again, or the rest of it.
     */
    private UUID receiveIncrement(Json.Obj read, BundleNotes notes, DigestInputStream in, boolean keeps)
            throws IOException {
        UUID uuid = uuid(read);
        VmRecord before = vms.store()
                .find(uuid)
                .orElseThrow(() -> new OpException(
                        Code.NOT_FOUND,
                        "cannot receive an increment of VM " + uuid + ": it is not here; send it whole, with -k"));
        VmConfig config =
                config(BundleNotes.without(read), Optional.of(before.config().zpool()));
        Optional<VmBundle.Header> first = VmBundle.next(in);
        vms.lane(uuid).run("receive", () -> {
            vms.find(uuid);
            requireStill(uuid);
            Datasets datasets = vms.machinery().datasets(config);
            notes.requireBase(config, datasets);
            vms.rules().checkConflicts(config);
            abandon(config, datasets);
            if (keeps) {
                vms.store().change(uuid, vm -> vm.receiving(read));
                goOn(begin(config), config, notes, first, in);
            } else {
                vms.store().change(uuid, VmRecord.Life.RECEIVING);
                receiveAll(config, first, in, name -> ReceiveRequest.into(name).forced());
                requireWhole(config, notes);
                follow(config, notes);
                vms.store().change(uuid, VmRecord.Life.INSTALLED);
            }
            return uuid;
        });
        return uuid;
    }

    private static UUID uuid(Json.Obj sent) {
        return sent.string("uuid")
                .filter(Values::isUuid)
                .map(UUID::fromString)
                .orElseThrow(() -> new OpException(Code.INVALID, "Invalid bundle: its VM has no uuid"));
    }

    private void requireStill(UUID uuid) {
        if (vms.machinery().running(uuid).isPresent()) {
            throw new OpException(
                    Code.CONFLICT,
                    "cannot receive an increment of VM " + uuid + ": it runs here, and would lose what it did");
        }
    }

    /** What came of an increment before is not waited for any more. */
    private static void abandon(VmConfig config, Datasets datasets) {
        for (String dataset : Shipped.datasets(datasets, config)) {
            if (datasets.streams().rest(dataset).isPresent()) {
                datasets.streams().abort(dataset);
            }
        }
    }

    /** Goes on with a VM whose bundle was cut short. What it is to be is what that bundle said. */
    private UUID receiveRest(Json.Obj read, BundleNotes rest, DigestInputStream in) throws IOException {
        UUID uuid = uuid(read);
        requireWaits(uuid, rest);
        Optional<VmBundle.Header> first = VmBundle.next(in);
        vms.lane(uuid).run("receive", () -> {
            Json.Obj said = requireWaits(uuid, rest);
            VmConfig config = wanted(uuid, said);
            goOn(begin(config), config, BundleNotes.of(said).orElseThrow(), first, in);
            return uuid;
        });
        return uuid;
    }

    private Saga begin(VmConfig config) {
        return vms.host().journal().begin("vm-receive", Json.object().with("config", config.properties()));
    }

    private Json.Obj requireWaits(UUID uuid, BundleNotes rest) {
        return vms.store()
                .find(uuid)
                .flatMap(VmRecord::incoming)
                .filter(said -> BundleNotes.of(said)
                        .filter(notes ->
                                notes.to().equals(rest.to()) && notes.base().equals(rest.base()))
                        .isPresent())
                .orElseThrow(() -> new OpException(
                        Code.CONFLICT,
                        "cannot receive the rest of VM " + uuid
                                + ": none is waited for here; send it from the beginning"));
    }

    /** What a VM that is receiving is to be. */
    private VmConfig wanted(UUID uuid, Json.Obj said) {
        VmConfig here = vms.find(uuid).config();
        boolean isIncrement = BundleNotes.of(said).flatMap(BundleNotes::base).isPresent();
        return isIncrement ? config(BundleNotes.without(said), Optional.of(here.zpool())) : here;
    }

    /** Takes in what comes, and keeps it when that isn't all. The VM's record says already that it is receiving. */
    private void goOn(
            Saga saga, VmConfig config, BundleNotes notes, Optional<VmBundle.Header> first, DigestInputStream in) {
        arriving.add(config.uuid());
        try {
            saga.step("datasets", () -> {
                receiveAll(config, first, in, keeping(config, notes));
                requireWhole(config, notes);
                vms.store().change(config.uuid(), vm -> cameWhole(vm, notes));
            });
            finish(saga, config, notes);
        } catch (RuntimeException e) {
            throw kept(config.uuid(), e);
        } finally {
            arriving.remove(config.uuid());
            saga.end();
        }
    }

    /** From now on it is completed, whatever becomes of the daemon: tidying up takes away by what that is seen. */
    private static VmRecord cameWhole(VmRecord vm, BundleNotes notes) {
        return vm.receiving(notes.ofWhole().with(vm.incoming().orElseThrow()));
    }

    private Function<String, ReceiveRequest> keeping(VmConfig config, BundleNotes notes) {
        Datasets datasets = vms.machinery().datasets(config);
        boolean keepsParts = datasets.streams().canKeepWhatCame();
        boolean overwrites =
                notes.base().isPresent() || datasets.find(config.dataset()).isPresent();
        return name -> {
            ReceiveRequest request = ReceiveRequest.into(name);
            request = overwrites ? request.forced() : request;
            return keepsParts ? request.keepingWhatCame() : request;
        };
    }

    private OpException kept(UUID uuid, RuntimeException e) {
        return new OpException(
                e instanceof OpException known ? known.code() : Code.FAILED,
                e.getMessage() + "\nWhat came of VM " + uuid
                        + " is kept. The rest is sent by the other host, with:\n    vmadm send -t "
                        + token(vms.find(uuid)).map(TransferToken::text).orElse(""),
                e);
    }

    /** All datasets are there. May find itself half done. */
    private void finish(Saga saga, VmConfig config, BundleNotes notes) {
        saga.step("prepare", () -> {
            if (notes.base().isPresent()) {
                follow(config, notes);
            } else {
                prepare(config);
            }
        });
        saga.step("received", () -> vms.store().change(config.uuid(), VmRecord.Life.INSTALLED));
    }

    /** Makes the VM what it is at the sender, besides its data. */
    private void follow(VmConfig config, BundleNotes notes) {
        VmRecord before = vms.find(config.uuid());
        notes.tidy(config, vms.machinery().datasets(config));
        vms.store().change(config.uuid(), vm -> vm.with(config));
        prepare(config);
        vms.machinery().applyDisks(before.config(), config);
    }

    /** What the other host needs to send the rest of a VM whose bundle was cut short. */
    Optional<TransferToken> token(VmRecord vm) {
        return vm.incoming()
                .flatMap(BundleNotes::of)
                .flatMap(notes -> vms.machinery()
                        .pool(vm.config())
                        .map(datasets -> new TransferToken(
                                vm.uuid(),
                                notes.base(),
                                notes.to(),
                                notes.live(),
                                Shipped.identities(datasets, vm.config()),
                                Shipped.datasets(datasets, vm.config()).stream()
                                        .flatMap(name -> datasets.streams().rest(name).stream())
                                        .findFirst())));
    }

    /** In words, of a VM that is receiving and waits for the rest; empty of any other. */
    Optional<String> progress(VmRecord vm) {
        return vm.incoming()
                .flatMap(BundleNotes::of)
                .flatMap(notes -> vms.machinery().pool(vm.config()).map(datasets -> {
                    Set<Long> there = Shipped.identities(datasets, vm.config());
                    long came = notes.ends().stream().filter(there::contains).count();
                    return came + " of its " + notes.ends().size() + " datasets came whole"
                            + (arriving.contains(vm.uuid()) ? ", and a stream is coming in" : "");
                }));
    }

    private VmConfig config(Json.Obj sent, Optional<String> pool) {
        Json.Obj shown = pool.map(name -> sent.with("zpool", name)).orElse(sent);
        Vms.Checked checked = vms.checkReceive(shown);
        checked.findings().throwIfFatal(false);
        return new VmConfig(checked.properties());
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
        if (Shipped.parts(config).noneMatch(part -> part.has(target))) {
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
        Transfer.forgetAll(datasets, config);
        vms.machinery().makeDatasets(config);
        vms.machinery().applyQuota(config);
    }

    /** Completes a VM whose datasets came another way. @throws OpException CONFLICT when it is not receiving */
    public void install(UUID uuid) {
        vms.lane(uuid).run("install", () -> {
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
        VmRecord vm = vms.find(uuid);
        VmConfig config = vm.config();
        if (vm.incoming().isPresent()) {
            Json.Obj said = vm.incoming().get();
            BundleNotes notes = BundleNotes.of(said).orElseThrow();
            if (!notes.isWhole(config, vms.machinery().datasets(config))) {
                throw new OpException(
                        Code.CONFLICT,
                        "Unable to install VM " + uuid + ": its data have not come whole; vmadm why says how to go on");
            }
            VmConfig wanted = wanted(uuid, said);
            Saga saga = begin(wanted);
            finish(saga, wanted, notes);
            saga.end();
            return;
        }
        prepare(config);
        vms.store().change(config.uuid(), VmRecord.Life.INSTALLED);
    }

    /** A VM that came whole before the daemon died stays, and so does one that is kept; of any other nothing does. */
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

    /** Completes those of which all came before the daemon died. */
    void completeThoseThatCame() {
        for (VmRecord vm : vms.store().all()) {
            boolean came = vm.incoming()
                    .flatMap(BundleNotes::of)
                    .filter(notes -> vms.machinery()
                            .pool(vm.config())
                            .filter(datasets -> notes.isWhole(vm.config(), datasets))
                            .isPresent())
                    .isPresent();
            if (came) {
                completeIfItCan(vm.uuid());
            }
        }
    }

    private void completeIfItCan(UUID uuid) {
        try {
            complete(uuid);
        } catch (OpException e) {
            LOG.log(System.Logger.Level.WARNING, "complete the receive of VM " + uuid + ": " + e.getMessage());
        }
    }
}
