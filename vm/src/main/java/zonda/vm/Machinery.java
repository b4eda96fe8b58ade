package zonda.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kernel.KernelException;
import zonda.kernel.LinuxProcess;
import zonda.network.AttachedNic;
import zonda.storage.Datasets;
import zonda.zones.BootStep;
import zonda.zones.MountOption;
import zonda.zones.RunningZone;
import zonda.zones.ZoneSpec;

/**
 * The steps that VMs' lifecycles are made of, each idempotent: it may find itself done, half done or not begun. The
 * caller holds the VM's lane.
 */
final class Machinery {
    private static final System.Logger LOG = System.getLogger(Machinery.class.getName());
    private static final Path CHECKPOINTS = Path.of("/checkpoints");

    private final Host host;
    private final VmStore store;
    private final ZoneSpecs specs;
    private final HvmSpecs machines;
    private final HvmControl control = new HvmControl(this);
    private final Displays displays;
    private final VmSnapshots snapshots = new VmSnapshots(this);
    private final Indestructible indestructible = new Indestructible(this);
    private final NameServers nameServers;
    /** What runs, as far as this daemon knows; readers need no other word on it. */
    private final Map<UUID, RunningZone> running = new ConcurrentHashMap<>();

    /** Those whose boot is under way, before they get their NICs and until they are running. */
    private final Set<UUID> booting = ConcurrentHashMap.newKeySet();

    /** Those whose guest has asked for its metadata since its boot, as far as this daemon knows. */
    private final Set<UUID> asked = ConcurrentHashMap.newKeySet();

    private final Map<UUID, ReentrantLock> delegations = new ConcurrentHashMap<>();

    private final Consumer<UUID> changed;

    /** @param changed hears of each VM that runs now or doesn't any more, and must not block */
    Machinery(Host host, VmStore store, Consumer<UUID> changed) {
        this.changed = changed;
        this.host = host;
        this.store = store;
        this.specs = new ZoneSpecs(host);
        this.machines = new HvmSpecs(host);
        this.nameServers = new NameServers(this, host.networks());
        this.displays = new Displays(control, host.facts().adminAddress());
    }

    Optional<RunningZone> running(UUID vm) {
        return Optional.ofNullable(running.get(vm));
    }

    /** Asked in the order in which a boot ends, so that it is not missed in between. */
    boolean isUpOrBooting(UUID vm) {
        return booting.contains(vm) || running.containsKey(vm);
    }

    /** Whether the guest has asked for its metadata since it was booted, or this daemon has begun. */
    boolean hasAsked(UUID vm) {
        return asked.contains(vm);
    }

    Indestructible indestructible() {
        return indestructible;
    }

    VmSnapshots snapshots() {
        return snapshots;
    }

    Path zonepath(VmConfig vm) {
        return datasets(vm).mount(vm.dataset());
    }

    Path root(VmConfig vm) {
        return zonepath(vm).resolve("root");
    }

    /** What QEMU is asked of hardware VMs. */
    HvmControl control() {
        return control;
    }

    /** How hardware VMs are looked at. */
    Displays displays() {
        return displays;
    }

    /** Does something while the VM's machine stands still, if it has one that runs, and all it wrote is on its disks. */
    void still(VmConfig vm, Runnable work) {
        if (vm.brand().isHvm() && running(vm.uuid()).isPresent()) {
            control.still(vm, work);
        } else {
            work.run();
        }
    }

    /** Whether it runs, and its first process lives. */
    boolean isUp(UUID vm) {
        return running(vm).filter(zone -> zone.init().isAlive()).isPresent();
    }

    private ZoneSpec zone(VmRecord vm, Path zonepath, BootOnce once) {
        return vm.config().brand().isHvm()
                ? machines.zone(vm, zonepath, datasets(vm.config()), once)
                : specs.zone(vm, zonepath);
    }

    /** Makes what the VM has on its pool. */
    void makeDatasets(VmConfig vm) {
        makeRoot(vm);
        makeCores(vm);
    }

    /** As {@link #makeDatasets}, without what {@link #makeCores} makes. */
    void makeRoot(VmConfig vm) {
        VmDatasets.make(vm, datasets(vm));
        if (!Indestructible.of(vm).isEmpty()) {
            indestructible.apply(vm);
        }
    }

    void makeCores(VmConfig vm) {
        VmDatasets.makeCores(vm, datasets(vm));
    }

    /** Puts into the VM's root what its first boot needs. */
    void install(VmConfig vm) {
        if (vm.brand().isHvm()) {
            return;
        }
        try (GuestRoot guest = GuestRoot.open(root(vm))) {
            guest.install(vm, vm.properties().array("resolvers").strings());
        }
    }

    /** Boots the VM: zone, NICs, metadata. What an interrupted boot left is cleared away first. */
    void boot(VmRecord vm) {
        boot(vm, BootOnce.NOTHING);
    }

    /** As the other, with what is to be other this time. */
    void boot(VmRecord vm, BootOnce once) {
        halt(vm.uuid());
        bootFresh(vm, once, () -> {});
    }

    /**
     * As {@link #boot}, of a VM that has never been booted.
     *
     * @param meanwhile what its root needs before its first program runs
     */
    void bootFresh(VmRecord vm, Runnable meanwhile) {
        bootFresh(vm, BootOnce.NOTHING, meanwhile);
    }

    private void bootFresh(VmRecord vm, BootOnce once, Runnable meanwhile) {
        Path zonepath = zonepath(vm.config());
        serveMetadata(vm);
        var step = new BootStep() {
            @Override
            public void meanwhile() {
                meanwhile.run();
                host.networks().prepare(ZoneSpecs.network(vm));
            }

            @Override
            public boolean mayHaveEnded() {
                return vm.life() == VmRecord.Life.INCOMPLETE || vm.life() == VmRecord.Life.PROVISIONING;
            }

            @Override
            public void prepared(long initPid) {
                VmRecord booted = store.find(vm.uuid()).orElse(vm);
                attach(booted, initPid, zonepath);
                if (booted.config().brand().isHvm()) {
                    return;
                }
                IpcLimits.apply(booted.config(), initPid);
                if (Docker.is(booted.config())) {
                    new DockerFiles(booted.config(), zonepath).show(booted, initPid, host.zones());
                } else {
                    seed(booted.config(), zonepath);
                }
                snapshots.showAll(vm, initPid);
                if (Delegation.isOf(booted.config())) {
                    LinuxProcess.find(initPid)
                            .ifPresent(init -> delegation(booted).showAll(init));
                }
                Filesystems.showAll(store.find(vm.uuid()).orElse(vm), host, zonepath.resolve("root"), initPid);
            }
        };
        booting.add(vm.uuid());
        try {
            RunningZone zone = host.zones().boot(zone(vm, zonepath, once), step);
            running.put(vm.uuid(), zone);
            changed.accept(vm.uuid());
            openDisplays(vm.config());
        } catch (RuntimeException e) {
            halt(vm.uuid());
            throw e;
        } finally {
            booting.remove(vm.uuid());
        }
    }

    /** @throws OpException FAILED */
    void requireRunning(UUID uuid) {
        if (running(uuid).isEmpty()) {
            throw new OpException(Code.FAILED, "VM " + uuid + " is not running");
        }
    }

    /** Serves a running machine's displays as the VM says now. */
    void openDisplays(VmConfig vm) {
        if (vm.brand().isHvm()) {
            displays.open(vm);
        }
    }

    private void attach(VmRecord vm, long initPid, Path zonepath) {
        List<AttachedNic> nics = host.networks().attach(ZoneSpecs.network(vm), initPid);
        if (vm.config().brand().isHvm()) {
            return;
        }
        nameServers.tell(vm, nics);
    }

    private static void seed(VmConfig vm, Path zonepath) {
        try (GuestRoot guest = GuestRoot.open(zonepath.resolve("root"))) {
            guest.seed(vm);
        }
    }

    /** Brings the name servers of a running VM's files to what its properties and networks say now. */
    void refreshResolvers(VmConfig vm) {
        if (!vm.brand().isHvm()) {
            nameServers.write(vm, host.networks().attached(vm.uuid()));
        }
    }

    /** Writes the VM's other name into its files; its kernel has it from the next boot on. */
    void rename(VmConfig before, VmConfig after) {
        if (after.brand().isHvm()) {
            return;
        }
        if (Docker.is(after)) {
            refreshResolvers(after);
            return;
        }
        try (GuestRoot guest = GuestRoot.open(root(after))) {
            guest.rename(before, after);
        }
    }

    /** Shows a snapshot's root in the VM, if that runs, as /checkpoints/NAME. */
    void showCheckpoint(VmRecord vm, String name, String snapshot) {
        running(vm.uuid()).ifPresent(zone -> showCheckpoint(vm, zone.init().pid(), name, snapshot));
    }

    void showCheckpoint(VmRecord vm, long initPid, String name, String snapshot) {
        Path at = CHECKPOINTS.resolve(name);
        Path source = real(datasets(vm.config()).directory(snapshot).resolve("root"));
        try (GuestRoot guest = GuestRoot.open(root(vm.config()))) {
            guest.makeDirectory(at);
            LinuxProcess.find(initPid)
                    .ifPresent(init -> host.zones()
                            .show(init, vm.ids(), source, at, Set.of(MountOption.READ_ONLY, MountOption.NO_SUID)));
        } catch (KernelException e) {
            // The guest has something else there: the snapshot is as good without being seen from inside.
            LOG.log(System.Logger.Level.WARNING, "VM " + vm.uuid() + ": show snapshot " + name + ": " + e.getMessage());
        }
    }

    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException("find " + path + ": " + e, e);
        }
    }

    void hideCheckpoint(VmRecord vm, String name) {
        Path at = CHECKPOINTS.resolve(name);
        host.zones().hide(vm.uuid(), at);
        try (GuestRoot guest = GuestRoot.open(root(vm.config()))) {
            guest.removeDirectory(at);
        }
    }

    /** Takes NICs away and attaches them as they are now wanted, while the VM runs; a machine's change at its next boot. */
    void reattach(VmRecord vm) {
        if (vm.config().brand().isHvm()) {
            return;
        }
        running(vm.uuid()).ifPresent(zone -> {
            host.networks().detachAll(vm.uuid());
            attach(vm, zone.init().pid(), zonepath(vm.config()));
        });
    }

    /** Asks the VM's init to shut the system down, and waits for that. @return whether it has */
    boolean shutDown(VmRecord vm, Duration limit) {
        if (vm.config().brand().isHvm()) {
            return control.powerDown(vm.config(), limit);
        }
        return host.zones()
                .shutDown(vm.uuid(), specs.zone(vm, zonepath(vm.config())).init(), limit);
    }

    /** Ends what runs of the VM, at once. */
    void halt(UUID vm) {
        displays.close(vm);
        host.zones().destroy(vm);
        host.networks().detachAll(vm);
        host.commands().stop(vm);
        host.metadata().stop(vm);
        running.remove(vm);
        asked.remove(vm);
        changed.accept(vm);
    }

    /** Removes the VM with all it has, from any state. */
    void remove(VmConfig vm) {
        halt(vm.uuid());
        host.networks().forget(vm.uuid());
        pool(vm).ifPresentOrElse(
                        datasets -> removeDatasets(vm, datasets),
                        () -> LOG.log(
                                System.Logger.Level.WARNING,
                                "VM " + vm.uuid() + " is deleted without its datasets: pool " + vm.zpool()
                                        + " is not there; when it is again: zfs destroy -r " + vm.dataset()));
        host.zones().forget(vm.uuid());
        control.forget(vm.uuid());
        delegations.remove(vm.uuid());
        store.remove(vm.uuid());
    }

    private void removeDatasets(VmConfig vm, Datasets datasets) {
        indestructible.release(vm);
        VmDatasets.remove(vm, datasets);
    }

    /** Takes over a zone that an earlier daemon booted. */
    void adopt(VmRecord vm, RunningZone zone) {
        serveMetadata(vm);
        running.put(vm.uuid(), zone);
        openDisplays(vm.config());
        if (vm.config().brand().isHvm()) {
            // A QEMU that does not answer must not keep the host from being served.
            Thread.ofVirtual().name("go-on-" + vm.uuid()).start(() -> goOn(vm.config()));
        }
    }

    private void goOn(VmConfig vm) {
        try {
            control.goOn(vm);
            displays.tellPasswordsIfItListens(vm);
        } catch (OpException e) {
            LOG.log(System.Logger.Level.WARNING, "VM " + vm.uuid() + ": " + e.getMessage());
        }
    }

    private void serveMetadata(VmRecord vm) {
        UUID uuid = vm.uuid();
        host.metadata()
                .serve(
                        uuid,
                        vm.config().brand().isHvm()
                                ? HvmDatasets.hostId(vm.ids())
                                : vm.ids().base(),
                        () -> toldToItself(store.find(uuid).orElse(vm)),
                        new GuestMetadata.GuestWrites() {
                            @Override
                            public void asked() {
                                asked.add(uuid);
                            }

                            @Override
                            public void put(String key, String value) {
                                changeMetadata(uuid, customer -> customer.with(key, value));
                            }

                            @Override
                            public void delete(String key) {
                                changeMetadata(uuid, customer -> customer.without(key));
                            }
                        });
        host.commands().serve(uuid, vm.ids().base(), tools(vm.config()));
    }

    /** What {@code sdc:} keys are of: its record, and what get shows besides; what takes a look at datasets is left out. */
    private Json.Obj toldToItself(VmRecord vm) {
        var now = new VmView.Now(
                running(vm.uuid()),
                false,
                store.lastModified(vm.uuid()),
                host.zonepath(vm.config()),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                host.facts());
        return vm.config().properties().withAll(VmView.show(vm, now).without("snapshots"));
    }

    private static Set<GuestTool> tools(VmConfig vm) {
        Set<GuestTool> tools = EnumSet.noneOf(GuestTool.class);
        if (Delegation.isOf(vm)) {
            tools.add(GuestTool.ZFS);
        }
        if (!vm.brand().isHvm() && TracingRights.of(vm.properties()).any()) {
            tools.add(GuestTool.DTRACE);
        }
        return tools;
    }

    /** What the VM has to manage itself. @throws OpException NOT_FOUND when its pool isn't there */
    Delegation delegation(VmRecord vm) {
        ReentrantLock lock = delegations.computeIfAbsent(vm.uuid(), _ -> new ReentrantLock());
        return new Delegation(host, vm, datasets(vm.config()), lock);
    }

    private void changeMetadata(UUID uuid, java.util.function.UnaryOperator<Json.Obj> change) {
        store.change(uuid, record -> {
            VmConfig config = record.config();
            return record.with(config.with("customer_metadata", change.apply(config.metadata("customer_metadata"))));
        });
    }

    /** Brings a machine's volumes to what its disks say. */
    void applyDisks(VmConfig before, VmConfig vm) {
        if (!vm.brand().isHvm()) {
            return;
        }
        if (running(vm.uuid()).isPresent()) {
            new RunningDisks(control, datasets(vm)).change(before, vm);
        } else {
            HvmDatasets.reconcile(before, vm, datasets(vm), HvmDatasets.Shrinking.AS_SAID);
        }
    }

    void applyQuota(VmConfig vm) {
        VmDatasets.allot(vm, datasets(vm));
    }

    /** The datasets of the VM's pool, unless that isn't there. */
    Optional<Datasets> pool(VmConfig vm) {
        return host.pools().find(vm.zpool());
    }

    /** @throws OpException NOT_FOUND when the VM's pool isn't there */
    Datasets datasets(VmConfig vm) {
        return pool(vm).orElseThrow(() -> new OpException(
                Code.NOT_FOUND,
                "zpool \"" + vm.zpool() + "\" does not exist; if it was exported: zpool import " + vm.zpool()));
    }
}
