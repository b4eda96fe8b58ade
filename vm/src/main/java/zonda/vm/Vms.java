package zonda.vm;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.Lane;
import zonda.base.OpException;
import zonda.base.Saga;
import zonda.zones.LogLine;
import zonda.zones.RunningZone;

/**
 * The virtual machines of the host: vmadm(8)'s verbs.
 *
 * <p>Each verb runs on the VM's lane, as a saga: its intent is on disk before the host changes, and a daemon that starts
 * after a crash completes it or takes it back ({@link Recovery}).
 */
public final class Vms implements AutoCloseable {
    private final Host host;
    private final VmStore store;
    private final IdRanges ids;
    private final Machinery machinery;
    private final PayloadChecks checks;
    private final Defaults defaults;
    private final Updating updating;
    private final Creating creating;
    private final Rules rules;
    private final Endings endings;
    private final Boots boots;
    private final SnapshotVerbs snapshots = new SnapshotVerbs(this);
    private final Transfer transfer = new Transfer(this);
    private final Reception reception = new Reception(this);
    private final Reprovisioning reprovisioning;
    private final Map<UUID, Lane> lanes = new ConcurrentHashMap<>();
    private final Stopping stopping;
    private final VmViews views;
    private final PropertyTable table;
    private final VmEvents events;

    public Vms(Host host, VmStore store, PropertyTable table, IdRanges ids) {
        this.host = host;
        this.store = store;
        this.ids = ids;
        this.table = table;
        this.events = new VmEvents(uuid -> store.find(uuid).map(this::view), host.clock());
        store.onChange(events::touched);
        this.machinery = new Machinery(host, store, events::touched);
        this.stopping = new Stopping(events::touched);
        this.views = new VmViews(host, store, machinery, stopping, reception::token);
        this.boots = new Boots(this, store, machinery, new Provisioning(host, store, machinery));
        this.endings = new Endings(this, host, store, machinery, stopping);
        this.defaults = new Defaults(table, host.random());
        var surroundings = new HostSurroundings(host, store);
        var disks = new Disks(surroundings, host.random());
        this.rules = new Rules(surroundings);
        this.reprovisioning = new Reprovisioning(this, disks);
        this.creating = new Creating(this, host, machinery, rules);
        this.updating = new Updating(this, host, machinery, new Updates(defaults, disks), rules, disks);
        this.checks = new PayloadChecks(table, surroundings, host.clock(), host.random());
    }

    // What is asked.

    public VmStore store() {
        return store;
    }

    /** The VM that a word of the operator's means. @throws OpException NOT_FOUND, CONFLICT */
    public UUID resolve(String word) {
        return store.resolve(word);
    }

    /** As {@code vmadm get} shows it. @throws OpException NOT_FOUND in zoneadm's words */
    public Json.Obj get(UUID uuid) {
        return views.show(find(uuid));
    }

    public List<Json.Obj> list() {
        return store.all().stream().map(views::show).toList();
    }

    private Json.Obj view(VmRecord vm) {
        return views.show(vm);
    }

    /** Every change of what {@link #get} shows, from now on. */
    public VmEvents.Subscription events() {
        return events.subscribe(store.all().stream().map(VmRecord::uuid).toList());
    }

    /** What is shown of the VM may be another now. */
    void touched(UUID uuid) {
        events.touched(uuid);
    }

    VmRecord find(UUID uuid) {
        return store.find(uuid)
                .orElseThrow(() -> new OpException(Code.NOT_FOUND, "zoneadm: " + uuid + ": No such zone configured"));
    }

    public Optional<RunningZone> running(UUID uuid) {
        return machinery.running(uuid);
    }

    /** Whether the VM has what only a running one has, or may get it at any moment. */
    boolean isUpOrBooting(UUID uuid) {
        return machinery.isUpOrBooting(uuid);
    }

    /** A user of the guest, as its own files have them. */
    public Optional<Passwd.User> guestUser(UUID uuid, String name) {
        try (GuestRoot guest = GuestRoot.open(machinery.root(find(uuid).config()))) {
            return guest.user(name);
        }
    }

    /** What the VM's first process and its children wrote, oldest first. @throws OpException NOT_FOUND */
    public List<LogLine> log(UUID uuid) {
        return host.zones().log(find(uuid).uuid());
    }

    // What is checked.

    /** A payload that was read: complete and typed, with what is wrong about it. */
    public record Checked(Json.Obj properties, Brand brand, Findings findings) {}

    /** Reads a payload for create: types, names, defaults, and the rules between properties. */
    public Checked checkCreate(Json.Obj raw) {
        return checks.create(raw);
    }

    /** Reads what {@code vmadm send} said of a VM: what is computed is left out without a word. */
    Checked checkReceive(Json.Obj raw) {
        return checks.receive(raw);
    }

    /** Reads a payload for update of any VM of the brand. */
    public Checked checkUpdate(Json.Obj raw, Brand brand) {
        return checks.update(raw, brand, VmConfig.USUAL_POOL);
    }

    /** Reads a payload for update of this VM. */
    public Checked checkUpdate(Json.Obj raw, UUID uuid) {
        VmConfig vm = find(uuid).config();
        Checked checked = checks.update(raw, vm.brand(), vm.zpool());
        Nics.warnOfMissing(checked.properties(), vm, checked.findings());
        return checked;
    }

    /**
     * Creates a VM, boots it unless autoboot is off, and waits until it is up.
     *
     * @param checked without anything fatal
     * @throws OpException when it doesn't come up. Nothing of it is left then, except when its guest failed to provision:
     *     it is kept then in state failed, to be looked at
     */
    public UUID create(Checked checked) {
        return creating.create(checked);
    }

    /** Begins to make a VM. @see Creating#claim */
    Saga claim(String change, VmConfig config) {
        return creating.claim(change, config);
    }

    /** Boots the VM, now and from now on with the host. @return false when it runs already */
    public boolean start(UUID uuid) {
        return start(uuid, BootOnce.NOTHING);
    }

    /** As the other, of a machine with what is to be other this time. @throws OpException as {@link BootOnce#require} */
    public boolean start(UUID uuid, BootOnce once) {
        return boot(uuid, once, true);
    }

    /** Boots the VM, and leaves what it does at the host's boot as it is. @return false when it runs already */
    public boolean boot(UUID uuid) {
        return boot(uuid, BootOnce.NOTHING, false);
    }

    private boolean boot(UUID uuid, BootOnce once, boolean alwaysFromNowOn) {
        boolean booted = lane(uuid).run("start", () -> {
            VmRecord vm = find(uuid);
            vm.requireWhole("start");
            once.require(vm.config());
            if (machinery.running(uuid).isPresent()) {
                return false;
            }
            VmConfig settled = DiskPlaces.settled(vm.config(), host.random());
            if (!settled.equals(vm.config())) {
                store.change(uuid, record -> record.with(settled));
            }
            Saga saga = host.journal()
                    .begin(
                            "vm-start",
                            Json.object().with("uuid", uuid.toString()).with("once", once.toJson()));
            try {
                if (alwaysFromNowOn) {
                    saga.step("autoboot", () -> setAutoboot(uuid, true));
                }
                saga.step("boot", () -> machinery.boot(find(uuid), once));
            } catch (RuntimeException e) {
                throw new OpException(Code.FAILED, "Unable to start VM " + uuid + ": " + e.getMessage(), e);
            } finally {
                saga.end();
            }
            return true;
        });
        if (booted) {
            boots.complete(uuid);
        }
        return booted;
    }

    /** As start and stop do. */
    void setAutoboot(UUID uuid, boolean autoboot) {
        store.change(
                uuid,
                vm -> Docker.followsStarts(vm.config())
                        ? vm.with(vm.config().with("autoboot", Json.of(autoboot)))
                        : vm);
    }

    /**
     * Asks the VM to shut down, waits, and ends it if it takes too long. It doesn't boot with the host from now on.
     *
     * @param force to end it at once
     * @return false when it doesn't run
     */
    public boolean stop(UUID uuid, boolean force, Optional<Duration> limit) {
        return halt(uuid, force, limit, true);
    }

    /** As {@link #stop}, and leaves what it does at the host's boot as it is. */
    public boolean halt(UUID uuid, boolean force) {
        return halt(uuid, force, Optional.empty(), false);
    }

    private boolean halt(UUID uuid, boolean force, Optional<Duration> limit, boolean alwaysFromNowOn) {
        return lane(uuid).run("stop", () -> {
            find(uuid);
            if (machinery.running(uuid).isEmpty()) {
                if (alwaysFromNowOn) {
                    setAutoboot(uuid, false);
                }
                return false;
            }
            Json.Obj about = Json.object()
                    .with("uuid", uuid.toString())
                    .with("force", force)
                    .with("autoboot", !alwaysFromNowOn);
            Saga saga = host.journal().begin("vm-stop", about);
            try (var _ = stopping.begin(uuid)) {
                if (alwaysFromNowOn) {
                    saga.step("autoboot", () -> setAutoboot(uuid, false));
                }
                saga.step("ask", () -> endings.shutDown(find(uuid), force, limit.orElse(Endings.limit(find(uuid)))));
                saga.step("halt", () -> machinery.halt(uuid));
            } finally {
                saga.end();
            }
            return true;
        });
    }

    /** @throws OpException FAILED when it doesn't run, or doesn't come up again */
    public void reboot(UUID uuid, boolean force) {
        lane(uuid).run("reboot", () -> {
            VmRecord vm = find(uuid);
            machinery.requireRunning(uuid);
            Nics.requireTags("reboot", vm.config(), host.networks()::tagExists);
            Saga saga = host.journal().begin("vm-reboot", Json.object().with("uuid", uuid.toString()));
            try {
                saga.step("ask", () -> endings.shutDown(find(uuid), force, Endings.limit(find(uuid))));
                saga.step("boot", () -> machinery.boot(find(uuid)));
            } finally {
                saga.end();
            }
            return uuid;
        });
        boots.complete(uuid);
    }

    /** Sends a signal to the VM's init. @throws OpException FAILED when there is none */
    public void kill(UUID uuid, int signal) {
        find(uuid);
        if (!host.zones().signal(uuid, signal)) {
            throw new OpException(Code.FAILED, "Cannot find running init PID for VM " + uuid);
        }
    }

    /** Removes the VM and all its data, from whatever state. */
    public void delete(UUID uuid) {
        lane(uuid).run("delete", () -> {
            VmRecord vm = find(uuid);
            VmConfig config = vm.config();
            Indestructible.of(config).forEach(part -> part.refuse(config, "delete"));
            archive(vm);
            Saga saga = host.journal().begin("vm-delete", Json.object().with("config", config.properties()));
            try {
                saga.step("halt", () -> machinery.halt(uuid));
                saga.step("remove", () -> discard(config));
            } finally {
                // The operator hears of a failure, and deletes again: an intent left behind would one day take away
                // another VM of this UUID.
                saga.end();
            }
            return uuid;
        });
        lanes.remove(uuid);
        views.forget(uuid);
        boots.forget(uuid);
    }

    private void archive(VmRecord vm) {
        machinery
                .pool(vm.config())
                .ifPresent(datasets -> Archive.keep(
                        vm, view(vm), store.zone(vm).text(), host.zones().consoleLog(vm.uuid()), datasets));
    }

    /** Removes all that a change has left. @throws OpException NOT_FOUND when its pool isn't there */
    void remove(VmConfig config) {
        machinery.datasets(config);
        discard(config);
    }

    /** With its datasets, or without them when its pool isn't there: a VM must not be stuck to a pool that is lost. */
    private void discard(VmConfig config) {
        machinery.remove(config);
        ids.free(config.uuid());
        endings.forget(config.uuid());
    }

    /** Changes properties, live where the property can. @throws OpException when a limit is refused; all is as before */
    public void update(UUID uuid, Checked checked) {
        updating.update(uuid, checked);
    }

    /** What an update would change. @throws OpException as {@link #update} */
    public List<JsonDiff.Change> planUpdate(UUID uuid, Checked checked) {
        return updating.plan(uuid, checked);
    }

    /** Whether the VM could be created now. @throws OpException as {@link #create} before it changes anything */
    public void planCreate(Checked checked) {
        creating.plan(checked);
    }

    /** VMs' files for images. */
    public Imaging imaging() {
        return new Imaging(this);
    }

    /** What makes VMs as payloads say. */
    public Applying applying() {
        return new Applying(this, checks, table);
    }

    public Diagnosis diagnosis() {
        return new Diagnosis(this);
    }

    /** The machines of hardware VMs that run. */
    public RunningMachines machines() {
        return new RunningMachines(this, machinery);
    }

    /** What VMs have to manage themselves. */
    public Delegations delegations() {
        return new Delegations(this);
    }

    /** The verbs of snapshots. */
    public SnapshotVerbs snapshots() {
        return snapshots;
    }

    /** VMs between configured and installed. */
    public Installing installing() {
        return new Installing(this);
    }

    /** VMs as streams. */
    public Transfer transfer() {
        return transfer;
    }

    /** VMs that come from another host. */
    public Reception reception() {
        return reception;
    }

    /** The VMs as zonecfg(8) has them. */
    public ZoneConfiguration configuration() {
        return new ZoneConfiguration(this);
    }

    /** Gives a VM another image. */
    public Reprovisioning reprovisioning() {
        return reprovisioning;
    }

    // What happens by itself.

    void settleRestart(Saga saga) {
        endings.settleRestart(saga);
    }

    /** A zone's first process has ended. */
    void ended(UUID uuid) {
        endings.ended(uuid);
    }

    /** The host goes down. @see Endings#withTheHost */
    public void shutDownAll(Duration limit) {
        endings.withTheHost(limit);
    }

    /** Attaches the NICs of a running VM anew. */
    void replug(UUID uuid) {
        lane(uuid).run("nics", () -> {
            store.find(uuid).ifPresent(machinery::reattach);
            return uuid;
        });
    }

    Lane lane(UUID uuid) {
        return lanes.computeIfAbsent(uuid, id -> new Lane("VM " + id, host.clock()));
    }

    /** What is being done with it. */
    Optional<Lane.Going> going(UUID uuid) {
        return Optional.ofNullable(lanes.get(uuid)).flatMap(Lane::going);
    }

    Boots boots() {
        return boots;
    }

    Machinery machinery() {
        return machinery;
    }

    Rules rules() {
        return rules;
    }

    Host host() {
        return host;
    }

    IdRanges ids() {
        return ids;
    }

    /** Zones whose configuration was made by another host's tools become VMs, with what that host left to defaults. */
    void takeInForeign() {
        store.takeIn(properties -> {
            UUID uuid = UUID.fromString(properties.string("uuid", ""));
            Brand brand = Brand.find(properties.string("brand", "")).orElse(Brand.JOYENT);
            return VmRecord.fresh(
                    new VmConfig(defaults.complete(properties.with("brand", brand.word()), brand)),
                    ids.take(uuid),
                    VmRecord.Life.INSTALLED);
        });
    }

    Collection<VmRecord> records() {
        return store.all();
    }

    /** Waits for what is being done; the VMs run on. */
    @Override
    public void close() {
        lanes.values().forEach(Lane::close);
    }
}
