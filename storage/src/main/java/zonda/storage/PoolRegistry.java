package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import zonda.base.Code;
import zonda.base.Journal.CrashPoint;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.base.Undo;

/**
 * The pools that a host has: its first, which the configuration names, and further ones, which zpool(8) creates, imports,
 * exports and destroys. Which those are is a file that is replaced whole: an entry in it is the intent, and says to the
 * next daemon what a crash cut short.
 *
 * <p>Any thread may call it; what changes pools runs one after another, and listings don't wait for that.
 */
public final class PoolRegistry implements AutoCloseable {
    private final Setup setup;
    private final ReentrantLock changing = new ReentrantLock();
    private final Map<String, PoolEntry> entries = new LinkedHashMap<>();
    private volatile List<Pool> open = List.of();
    private volatile Optional<Pool> first = Optional.empty();

    /**
     * Where it works.
     *
     * @param file what it remembers
     * @param root of the instance: a pool's root dataset is mounted below it, under the pool's name
     * @param run the instance's run directory
     * @param crashPoint where a test ends the process
     */
    public record Setup(Pools pools, Path file, Path root, Path run, CrashPoint crashPoint) {}

    public PoolRegistry(Setup setup) {
        this.setup = setup;
    }

    /**
     * Finishes what was cut short, and opens the pools.
     *
     * @param own the host's first pool
     * @return what the operator should know
     */
    public List<String> start(Pool own) {
        changing.lock();
        try {
            first = Optional.of(own);
            open = List.of(own);
            StateFile.readObject(setup.file()).orElse(Json.object()).array("pools").objects().stream()
                    .map(PoolEntry::parse)
                    .forEach(entry -> entries.put(entry.name(), entry));
            List<String> findings = new ArrayList<>();
            for (PoolEntry entry : List.copyOf(entries.values())) {
                try {
                    if (entry.state() == PoolEntry.State.IMPORTED) {
                        findings.addAll(add(entry, true).findings());
                    } else {
                        takeAway(entry);
                    }
                } catch (RuntimeException e) {
                    findings.add("pool " + entry.name() + " can't be opened: " + e.getMessage());
                }
            }
            return findings;
        } finally {
            changing.unlock();
        }
    }

    /** The open pools, the host's first one first. */
    public List<Pool> pools() {
        return open;
    }

    /** The open pool of this name. */
    public Optional<Pool> find(String name) {
        return open.stream().filter(pool -> pool.config().name().equals(name)).findFirst();
    }

    /** @throws OpException NOT_FOUND in the words of zpool(8) */
    public Pool require(String name) {
        return find(name)
                .orElseThrow(() -> new OpException(Code.NOT_FOUND, "cannot open '" + name + "': no such pool"));
    }

    private void passed(String verb, String step) {
        setup.crashPoint().passed("zpool-" + verb + ":" + step);
    }

    private void save() {
        makeDirectory();
        StateFile.replace(
                setup.file(),
                Json.object()
                        .with("pools", Json.Arr.of(entries.values().stream().map(PoolEntry::toJson))));
    }

    private void makeDirectory() {
        try {
            Files.createDirectories(Objects.requireNonNull(setup.file().getParent()));
        } catch (IOException e) {
            throw new UncheckedIOException("make the directory of " + setup.file() + ": " + e, e);
        }
    }

    private void put(PoolEntry entry) {
        entries.put(entry.name(), entry);
        save();
    }

    private void remove(PoolEntry entry) {
        entries.remove(entry.name());
        save();
        StateFile.delete(identity(entry.name()));
    }

    private Path identity(String name) {
        return setup.root().resolve("var/lib/zonda/" + name + ".uuid");
    }

    private PoolConfig config(PoolEntry entry) {
        Path mountpoint = entry.altroot().orElse(setup.root()).resolve(entry.name());
        return new PoolConfig(
                entry.name(),
                mountpoint,
                setup.run(),
                entry.devices(),
                false,
                Optional.of(identity(entry.name())),
                Optional.of(PoolConfig.Driver.BTRFS));
    }

    private Pool add(PoolEntry entry, boolean mount) {
        StateFile.replace(identity(entry.name()), entry.uuid() + "\n");
        Pool pool = setup.pools().open(config(entry), new Pools.Opening(entry.altroot(), mount));
        List<Pool> more = new ArrayList<>(open);
        more.add(pool);
        open = List.copyOf(more);
        return pool;
    }

    private void forget(Pool pool) {
        open = open.stream().filter(one -> one != pool).toList();
    }

    /** Whether a pool could be made: names, devices. @throws OpException when not, in the words of zpool(8) */
    public void check(NewPool wanted) {
        if (entries.containsKey(wanted.name()) || find(wanted.name()).isPresent()) {
            throw new OpException(Code.CONFLICT, "cannot create '" + wanted.name() + "': pool already exists");
        }
        VdevChecks.require(wanted, open);
    }

    /** Makes a pool and opens it. What was on its devices is lost. @throws OpException as {@link #check} */
    public Pool create(NewPool wanted) {
        changing.lock();
        try (var undo = new Undo()) {
            check(wanted);
            var entry = new PoolEntry(
                    wanted.name(),
                    UUID.randomUUID().toString(),
                    wanted.devices().stream().map(VdevChecks::real).toList(),
                    wanted.altroot(),
                    PoolEntry.State.CREATING);
            undo.add(() -> takeAway(entry));
            put(entry);
            passed("create", "intent");
            setup.pools().make(config(entry), wanted, entry.uuid(), step -> passed("create", step));
            put(entry.in(PoolEntry.State.IMPORTED));
            passed("create", "recorded");
            Pool pool = add(entry, true);
            undo.keep();
            passed("create", "opened");
            return pool;
        } finally {
            changing.unlock();
        }
    }

    /** Wipes what an entry names, as far as it is the entry's, and forgets it. */
    private void takeAway(PoolEntry entry) {
        Pools.unmountLeft(config(entry));
        entry.devices().stream()
                .filter(Files::exists)
                .filter(device -> VdevLabel.of(device)
                        .filter(label -> label.uuid().equals(entry.uuid()))
                        .isPresent())
                .forEach(device -> BtrfsMedium.wipe(List.of(device)));
        remove(entry);
    }

    private PoolEntry entry(String name, String verb) {
        Pool pool = require(name);
        if (first.filter(own -> own == pool).isPresent()) {
            throw new OpException(
                    Code.CONFLICT,
                    "cannot " + verb + " '" + name + "': pool is busy: it is the host's own, which zondad.json names");
        }
        return Optional.ofNullable(entries.get(name))
                .orElseThrow(() -> new IllegalStateException("no entry of pool " + name));
    }

    /**
     * Takes a pool away with all its data.
     *
     * @throws OpException NOT_FOUND, CONFLICT naming who uses it
     */
    public void destroy(String name) {
        changing.lock();
        try {
            PoolEntry entry = entry(name, "destroy");
            // Devices can have come and gone since the pool was made.
            List<Path> members = List.copyOf(VdevChecks.members(require(name)));
            shut(require(name), "could not destroy '" + name + "': could not unmount datasets");
            passed("destroy", "unmounted");
            PoolEntry going = new PoolEntry(name, entry.uuid(), members, entry.altroot(), PoolEntry.State.DESTROYING);
            put(going);
            passed("destroy", "recorded");
            takeAway(going);
            passed("destroy", "wiped");
        } finally {
            changing.unlock();
        }
    }

    /** Unmounts a pool, and leaves it to whoever imports it. @throws OpException as {@link #destroy} */
    public void export(String name) {
        changing.lock();
        try {
            PoolEntry entry = entry(name, "export");
            shut(require(name), "cannot export '" + name + "': pool is busy");
            passed("export", "unmounted");
            remove(entry);
            passed("export", "forgotten");
        } finally {
            changing.unlock();
        }
    }

    /** Unmounts and closes it, or leaves it as it is. */
    private void shut(Pool pool, String otherwise) {
        try {
            setup.pools().export(pool);
            forget(pool);
        } catch (OpException e) {
            if (!pool.isOpen()) {
                forget(pool);
                PoolEntry entry =
                        Optional.ofNullable(entries.get(pool.config().name())).orElseThrow();
                add(entry, true);
            }
            throw new OpException(e.code(), e.getMessage() + "\n" + otherwise, e);
        }
    }

    /**
     * The pools that could be imported.
     *
     * @param places directories with devices or files; all disks when none is given
     */
    public List<ImportablePool> importable(List<Path> places) {
        return Importables.find(places, open);
    }

    /**
     * How a pool is imported.
     *
     * @param altroot what the mountpoints of its datasets lie below
     * @param mount whether its datasets are mounted
     * @param rebuild whether records that it has lost are made again first
     */
    public record Importing(Optional<Path> altroot, boolean mount, boolean rebuild) {}

    /**
     * Opens a pool that was exported, or comes from another host.
     *
     * @param name under which it is known from now on
     * @throws OpException CONFLICT when the name is taken or it is in use, FAILED when too much of it is missing
     */
    public Pool importPool(ImportablePool found, String name, Importing how) {
        changing.lock();
        try (var undo = new Undo()) {
            NewPool.requireName(name);
            if (entries.containsKey(name) || find(name).isPresent()) {
                throw new OpException(
                        Code.CONFLICT,
                        "cannot import '" + found.name() + "': a pool with that name already exists\n"
                                + "use the form 'zpool import <pool | id> <newpool>' to give it a new name");
            }
            Importables.refuseMounted(found);
            var entry = new PoolEntry(name, found.uuid(), found.members(), how.altroot(), PoolEntry.State.IMPORTED);
            undo.add(() -> remove(entry));
            put(entry);
            passed("import", "recorded");
            if (how.rebuild()) {
                StateFile.replace(identity(entry.name()), entry.uuid() + "\n");
                setup.pools().rebuild(config(entry));
                passed("import", "rebuilt");
            }
            Pool pool = add(entry, how.mount());
            undo.keep();
            passed("import", "opened");
            return pool;
        } finally {
            changing.unlock();
        }
    }

    /** Closes the further pools; they stay mounted. The first is its opener's. */
    @Override
    public void close() {
        open.stream().skip(1).forEach(Pool::close);
    }
}
