package zonda.zones;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Await;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.base.Together;
import zonda.kernel.Fd;
import zonda.kernel.LinuxProcess;
import zonda.kernel.MountInfo;
import zonda.kernel.Mounts;
import zonda.kernel.PrivateMounts;

/**
 * The zones that run: boots them, ends them, knows them again after a restart of the daemon.
 *
 * <p>What it knows is on disk, in the run directory, and in the kernel; it keeps nothing else. The operations on one zone
 * must not overlap; different zones may.
 */
public final class Zones {
    private static final int SIGKILL = 9;
    private static final Duration AFTER_KILL = Duration.ofSeconds(20);

    private static final Path DEVICES = Path.of("/dev");
    private static final List<Path> SYSTEM_MOUNTS = List.of(Path.of("/proc"), Path.of("/sys"));
    /** Where monitor, runtime and their libraries and files are: a mount above one of these stays. */
    private static final List<Path> PROGRAMS = List.of(
            Path.of("/usr"), Path.of("/lib"), Path.of("/lib64"), Path.of("/etc"), Path.of("/run"), Path.of("/tmp"));

    private final ZonesConfig config;
    private final Cgroups cgroups;
    private final OciRuntime runtime;
    private final Monitor monitor;
    private final UserNamespaces userNamespaces;
    private final MoveReadiness moves = MoveReadiness.ofThisProcess();
    private final Seccomp seccomp = new Seccomp();
    private final InstantSource clock;
    private final ZoneIds zoneIds;

    public Zones(ZonesConfig config, InstantSource clock) {
        this.config = config;
        this.cgroups = Cgroups.find(config.cgroupParent());
        this.runtime = OciRuntime.find(config.runDirectory());
        this.monitor = new Monitor(runtime);
        this.userNamespaces = new UserNamespaces();
        this.clock = clock;
        this.zoneIds = new ZoneIds(config.runDirectory().resolve("last-zone-id"));
    }

    /** Makes its directories. A zone's root must pass through those that lead to its root, and may not list them. */
    public void start() {
        try {
            for (Path directory : List.of(zonesDirectory(), exits(), runtime.stateDirectory(), config.logDirectory())) {
                Files.createDirectories(
                        directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("create the directories of the zones: " + e, e);
        }
        requirePassable(zonesDirectory());
        exec().forgetInterrupted();
    }

    /** @throws OpException FAILED naming the directory above, and the fix, that a zone's root can't pass */
    private static void requirePassable(Path directory) {
        try {
            for (Path above = directory.toRealPath(); above != null; above = above.getParent()) {
                if (!Files.getPosixFilePermissions(above).contains(PosixFilePermission.OTHERS_EXECUTE)) {
                    throw new OpException(
                            Code.FAILED,
                            "zones can't run in " + directory + ": their users may not pass " + above
                                    + "; allow it with: chmod o+x " + above);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("stat " + directory + ": " + e, e);
        }
    }

    /**
     * Boots a zone: makes it, lets the caller prepare it, starts its first process and sees it run.
     *
     * @throws OpException FAILED when it doesn't come up; nothing of it is left then
     */
    public RunningZone boot(ZoneSpec spec, BootStep step) {
        ZonePaths paths = paths(spec.uuid());
        moves.expect();
        try {
            makeBundle(spec, paths);
            Monitor.Created created = make(spec, paths, step);
            Optional<ControllingTerminal> console = spec.init().keepsTerminal()
                    ? Optional.of(ControllingTerminal.release(created.init()))
                    : Optional.empty();
            cgroups.apply(spec.uuid(), spec.limits());
            cgroups.delegate(spec.uuid(), spec.ids());
            step.prepared(created.init().pid());
            var running = new RunningZone(
                    spec.uuid(), zoneIds.next(), created.init(), created.monitor(), clock.instant(), HostBoot.id());
            StateFile.replaceVolatile(paths.state(), running.toJson().pretty());
            console.ifPresent(ControllingTerminal::await);
            runtime.start(spec.uuid());
            awaitFirstInstruction(running, paths, spec.init().mayEnd() || step.mayHaveEnded());
            return running;
        } catch (RuntimeException e) {
            try {
                destroy(spec.uuid());
            } catch (RuntimeException cleanup) {
                e.addSuppressed(cleanup);
            }
            throw e;
        }
    }

    private Monitor.Created make(ZoneSpec spec, ZonePaths paths, BootStep step) {
        Fd idMap = userNamespaces.of(spec.ids());
        try (var both = new Together()) {
            both.begin(step::meanwhile);
            Monitor.Created created = monitor.create(
                    paths, new Monitor.Log(spec.init().streams(), spec.logLimit()), () -> showRoot(spec, paths, idMap));
            both.await();
            return created;
        }
    }

    /** A zone with this range is about to be booted: what takes time and needs nothing else begins now. */
    public void prepare(IdRange ids) {
        moves.expect();
        userNamespaces.prepare(ids);
    }

    private void makeBundle(ZoneSpec spec, ZonePaths paths) {
        try {
            Files.createDirectories(paths.root());
            Files.deleteIfExists(paths.exit());
            Files.setPosixFilePermissions(paths.bundle(), PosixFilePermissions.fromString("rwx--x--x"));
        } catch (IOException e) {
            throw new UncheckedIOException("create " + paths.bundle() + ": " + e, e);
        }
        var bundle = new Bundle(spec, paths.root(), cgroups.pathInBundle(spec.uuid()), seccomp);
        var hostLimits = new Bundle.OpenFiles(HostLimits.openFiles(), HostLimits.lockedMemory());
        try {
            // The run directory need not outlive the host, so there is nothing to make durable.
            Files.writeString(paths.config(), bundle.config(hostLimits).compact());
        } catch (IOException e) {
            throw new UncheckedIOException("write " + paths.config() + ": " + e, e);
        }
    }

    /**
     * In the monitor's mount namespace: the zone's root through its id range, and of the host's mounts only what the
     * monitor and the runtime need. A copy of any other, a dataset's above all, would keep that busy for as long as this
     * zone runs. The version 2 tree goes too where version 1's is in use, since crun refuses to see both.
     */
    private void showRoot(ZoneSpec spec, ZonePaths paths, Fd idMap) {
        try (Fd tree = Mounts.openTree(spec.root(), false);
                var volumes = ShownVolumes.open(spec, paths.root())) {
            Mounts.idmap(tree, idMap);
            List<Path> needed =
                    new ArrayList<>(List.of(paths.bundle(), paths.exits(), paths.logs(), runtime.stateDirectory()));
            spec.binds().forEach(bind -> needed.add(bind.source()));
            Mounts.list().stream()
                    .map(MountInfo::target)
                    .filter(target -> !isNeeded(target, needed))
                    .forEach(Mounts::detachIfMounted);
            if (cgroups instanceof CgroupsV1) {
                Mounts.detachIfMounted(Cgroups.TREE.resolve("unified"));
            }
            Mounts.moveMount(tree, paths.root());
            volumes.show();
        }
    }

    private static boolean isNeeded(Path target, List<Path> needed) {
        return isOfSystem(target)
                || needed.stream().anyMatch(path -> path.startsWith(target))
                || PROGRAMS.stream().anyMatch(path -> path.startsWith(target));
    }

    /** What somebody keeps below /dev/shm is not. */
    private static boolean isOfSystem(Path target) {
        return SYSTEM_MOUNTS.stream().anyMatch(target::startsWith)
                || target.equals(DEVICES)
                || DEVICES.equals(target.getParent());
    }

    /** The runtime's start returns before the zone's own program runs; a program that can't run shows here. */
    private void awaitFirstInstruction(RunningZone zone, ZonePaths paths, boolean mayEnd) {
        boolean seen = Await.until(
                Duration.ofSeconds(10),
                () -> !zone.init().isAlive()
                        || (zone.init()
                                        .executable()
                                        .filter(program -> !isRuntime(program))
                                        .isPresent()
                                && zone.init().hasProgram()));
        if (!seen || (Files.exists(paths.exit()) && !mayEnd)) {
            throw new OpException(Code.FAILED, "the zone's init did not start" + consoleHint(zone.uuid()));
        }
    }

    /** The runtime is protected from its zone: it runs a copy, in memory or in a mount of its own, whose root it is. */
    private boolean isRuntime(Path program) {
        return program.equals(runtime.program().file())
                || program.toString().contains("memfd:")
                || program.equals(Path.of("/"));
    }

    private String consoleHint(UUID zone) {
        List<String> lines = consoleTail(zone, 5);
        return lines.isEmpty() ? "" : "; its console says:\n  " + String.join("\n  ", lines);
    }

    /**
     * Asks the zone to shut down by the signal that its init knows, and waits. One that doesn't listen yet, because it has
     * just been started, never gets that signal, and is asked again when it does.
     *
     * @return whether it doesn't run any more
     */
    public boolean shutDown(UUID zone, InitProgram init, Duration limit) {
        int signal = init.stopSignal();
        Optional<LinuxProcess> first = find(zone).map(RunningZone::init);
        var heard = new AtomicBoolean(
                first.filter(process -> process.listensTo(signal)).isPresent());
        first.ifPresent(process -> process.signal(signal));
        return Await.until(limit, () -> {
            if (!heard.get()
                    && first.filter(process -> process.listensTo(signal)).isPresent()) {
                heard.set(first.get().signal(signal));
            }
            return first.filter(LinuxProcess::isAlive).isEmpty();
        });
    }

    /** Sends any signal to the zone's first process. @return false when it wasn't running */
    public boolean signal(UUID zone, int signal) {
        return find(zone).map(running -> running.init().signal(signal)).orElse(false);
    }

    /** Waits until the zone's first process has ended and its status is on disk. */
    public boolean awaitEnd(UUID zone, Duration limit) {
        return Await.until(limit, () -> !isRunning(zone));
    }

    /** Whether the zone came as far as running its own first program, and still runs. */
    public boolean isUp(UUID zone) {
        return find(zone)
                .flatMap(running -> running.init().executable())
                .filter(program -> !isRuntime(program))
                .isPresent();
    }

    /** Whether all of the zone's processes wait for something, rather than work. */
    public boolean isAtRest(UUID zone) {
        List<Long> all = processes(zone);
        return !all.isEmpty() && all.stream().allMatch(LinuxProcess::sleeps);
    }

    public boolean isRunning(UUID zone) {
        return find(zone).filter(running -> running.init().isAlive()).isPresent();
    }

    /**
     * Ends whatever there is of the zone: processes, namespaces, control groups, files. From every state, also from the
     * middle of a boot, and again after an interruption.
     *
     * @throws OpException FAILED when a process survives SIGKILL
     */
    public void destroy(UUID zone) {
        ZonePaths paths = paths(zone);
        Optional<LinuxProcess> init = Monitor.process(paths.initPid());
        init.ifPresent(process -> process.signal(SIGKILL));
        killAll(zone);
        Optional<LinuxProcess> watcher = Monitor.process(paths.monitorPid());
        if (Files.exists(paths.bundle())) {
            Await.until(AFTER_KILL, () -> watcher.isEmpty() || !watcher.get().isAlive());
            watcher.ifPresent(process -> process.signal(SIGKILL));
            runtime.delete(zone);
        }
        cgroups.remove(zone);
        deleteTree(paths.bundle());
        deleteTree(paths.exit());
    }

    private void killAll(UUID zone) {
        boolean gone = Await.until(AFTER_KILL, () -> {
            List<Long> left = cgroups.processes(zone);
            left.forEach(pid -> LinuxProcess.find(pid).ifPresent(process -> process.signal(SIGKILL)));
            return left.isEmpty();
        });
        if (!gone) {
            throw new OpException(
                    Code.FAILED, "end zone " + zone + ": processes survive SIGKILL: " + cgroups.processes(zone));
        }
    }

    /** The zone as it was booted, whether or not it has ended since; empty when it wasn't, in this life of the host. */
    public Optional<RunningZone> find(UUID zone) {
        return StateFile.readObject(paths(zone).state())
                .map(RunningZone::of)
                .filter(running -> running.hostBoot().equals(HostBoot.id()));
    }

    /** All zones of which there is something, with what is on disk of them. */
    public List<UUID> remembered() {
        try (Stream<Path> entries = Files.list(zonesDirectory())) {
            return entries.map(entry -> UUID.fromString(String.valueOf(entry.getFileName())))
                    .sorted(Comparator.comparing(UUID::toString))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("list " + zonesDirectory() + ": " + e, e);
        }
    }

    /** The zones that run, by the inode number of their user namespace: user_namespaces(7). */
    public Map<Long, String> byUserNamespace() {
        Map<Long, String> names = new HashMap<>();
        for (UUID zone : remembered()) {
            find(zone)
                    .map(running -> Path.of("/proc/" + running.init().pid() + "/ns/user"))
                    .ifPresent(link -> {
                        try {
                            String target = Files.readSymbolicLink(link).toString();
                            names.put(Long.valueOf(target.replaceAll("[^0-9]", "")), zone.toString());
                        } catch (IOException e) {
                            // It has ended.
                        }
                    });
        }
        return Map.copyOf(names);
    }

    /** How the zone ended; empty while it runs, and when its monitor was killed before it could tell. */
    public Optional<ExitStatus> exitStatus(UUID zone) {
        Path file = paths(zone).exit();
        return StateFile.read(file).map(text -> {
            try {
                Instant when = Files.getLastModifiedTime(file).toInstant();
                return new ExitStatus(Integer.parseInt(text.strip()), when);
            } catch (IOException e) {
                throw new UncheckedIOException("stat " + file + ": " + e, e);
            }
        });
    }

    /** Where monitors leave exit statuses: a file named by the zone appears when it ends. */
    public Path exits() {
        return config.runDirectory().resolve("exits");
    }

    /** Changes the limits of a running zone. @throws OpException FAILED naming the limit that the kernel refused */
    public void limit(UUID zone, Limits limits) {
        cgroups.apply(zone, limits);
        Bytes locked = limits.lockedMemory();
        for (long pid : cgroups.processes(zone)) {
            HostLimits.lockedMemory(pid, locked);
        }
        find(zone).ifPresent(running -> Tmpfs.resize(running.init(), limits.tmpfs()));
    }

    /** Shows a directory of the host in a zone. @param init the zone's first process, which may be waiting */
    public void show(LinuxProcess init, IdRange ids, Path source, Path at, Set<MountOption> options) {
        Shown.show(init, userNamespaces.of(ids), source, at, MountOption.attributes(options));
    }

    /** Takes away what {@link #show} mounted; fine when it isn't there, or the zone doesn't run. */
    public void hide(UUID zone, Path at) {
        find(zone).map(RunningZone::init).filter(LinuxProcess::isAlive).ifPresent(init -> Shown.hide(init, at));
    }

    /** Takes away what {@link #show} mounted. @throws zonda.kernel.KernelException EBUSY while the zone uses it */
    public void unmount(LinuxProcess init, Path at) {
        PrivateMounts.inside(init, () -> Mounts.unmount(at));
    }

    /** Where something is mounted in a zone. */
    public Set<Path> mounts(LinuxProcess init) {
        return Mounts.list(init.pid()).stream().map(MountInfo::target).collect(Collectors.toSet());
    }

    public List<Long> processes(UUID zone) {
        return cgroups.processes(zone);
    }

    /** The file of what the zone's console printed. */
    public Path consoleLog(UUID zone) {
        return paths(zone).consoleLog();
    }

    /** What the zone wrote, oldest first; its console log keeps a few megabytes. */
    public List<LogLine> log(UUID zone) {
        return ConsoleLog.read(paths(zone).consoleLog());
    }

    /** The last lines that the zone wrote to its console. */
    public List<String> consoleTail(UUID zone, int lines) {
        return ConsoleLog.tail(paths(zone).consoleLog(), lines);
    }

    /** Takes away the control groups above the zones', when no zone is left. */
    public void removeParent() {
        cgroups.removeParent();
    }

    /** Forgets the console log, when the zone is deleted. */
    public void forget(UUID zone) {
        deleteTree(paths(zone).consoleLog());
    }

    public Console console(UUID zone) {
        ZonePaths paths = paths(zone);
        return Console.open(paths.attach(), paths.control());
    }

    /** Programs in zones: what zlogin(1) does. */
    public ZoneExec exec() {
        return new ZoneExec(runtime, config.runDirectory());
    }

    private static void deleteTree(Path path) {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(path)) {
            for (Path entry : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(entry);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("delete " + path + ": " + e, e);
        }
    }

    private Path zonesDirectory() {
        return config.runDirectory().resolve("zones");
    }

    private ZonePaths paths(UUID zone) {
        return new ZonePaths(zone, zonesDirectory(), exits(), config.logDirectory());
    }
}
