package zonda.daemon;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import zonda.base.BunyanHandler;
import zonda.base.Code;
import zonda.base.Journal;
import zonda.base.OpException;
import zonda.storage.Pool;
import zonda.storage.PoolRegistry;
import zonda.vm.PropertyTable;
import zonda.vm.VmStore;
import zonda.zones.Zones;

/**
 * zondad(8): {@code zondad [--root DIR] [serve | create-pool | rebuild-pool | tear-down]...}, one after the other.
 *
 * <ul>
 *   <li>{@code serve}, the default: starts, says so, and serves until SIGTERM. Zones run on, unless the host itself is
 *       going down: then they are shut down first.
 *   <li>{@code create-pool}: makes the pool that the configuration names, unless it is there.
 *   <li>{@code rebuild-pool}: makes records again that this pool has lost.
 *   <li>{@code tear-down}: ends all zones and takes away everything that this instance made, data included.
 * </ul>
 */
public final class Zondad {
    private static final String SERVE = "serve";
    private static final String CREATE_POOL = "create-pool";
    private static final String REBUILD_POOL = "rebuild-pool";
    private static final List<String> VERBS = List.of(SERVE, CREATE_POOL, REBUILD_POOL, "tear-down");

    private Zondad() {}

    public static void main(String[] arguments) throws InterruptedException {
        new BunyanHandler("zondad", HostWiring.hostname(), System.err).install(Level.INFO);
        try {
            run(Arrays.asList(arguments));
        } catch (OpException e) {
            System.err.println("zondad: " + e.getMessage());
            System.exit(e.code().exitStatus());
        } catch (RuntimeException e) {
            System.getLogger(Zondad.class.getName()).log(System.Logger.Level.ERROR, "zondad: " + e.getMessage(), e);
            System.exit(1);
        }
    }

    private static void run(List<String> arguments) throws InterruptedException {
        int at = arguments.indexOf("--root");
        Path root = Path.of(at >= 0 && at + 1 < arguments.size() ? arguments.get(at + 1) : "/");
        List<String> verbs = arguments.stream()
                .filter(word -> !word.equals("--root") && !word.equals(root.toString()))
                .toList();
        verbs.stream().filter(word -> !VERBS.contains(word)).findFirst().ifPresent(word -> {
            throw new OpException(Code.USAGE, "unknown word: " + word + " (" + String.join(", ", VERBS) + ")");
        });
        int serves = verbs.indexOf(SERVE);
        if (serves >= 0 && serves < verbs.size() - 1) {
            throw new OpException(
                    Code.USAGE, SERVE + " lasts until SIGTERM: " + verbs.get(serves + 1) + " after it never comes");
        }
        DaemonConfig config = DaemonConfig.read(root.toAbsolutePath().normalize());
        makeDirectories(config);
        try (FileLock _ = only(config)) {
            for (String verb : verbs.isEmpty() ? List.of(SERVE) : verbs) {
                run(verb, config);
            }
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "lock: " + e, e);
        }
    }

    private static void run(String verb, DaemonConfig config) throws InterruptedException {
        var wiring = new HostWiring(config, crashPoint());
        switch (verb) {
            case SERVE -> serve(wiring);
            case CREATE_POOL -> createPool(wiring, config);
            case REBUILD_POOL -> rebuildPool(wiring, config);
            default -> tearDown(wiring, config);
        }
    }

    private static void makeDirectories(DaemonConfig config) {
        try {
            for (Path directory : List.of(config.run(), config.state())) {
                Files.createDirectories(
                        directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
            }
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "create directories: " + e, e);
        }
    }

    /** One daemon for an instance: flock(2), which the kernel takes back from a process that dies. */
    private static FileLock only(DaemonConfig config) throws IOException {
        var channel = FileChannel.open(
                config.run().resolve("zondad.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        return Optional.ofNullable(channel.tryLock())
                .orElseThrow(
                        () -> new OpException(Code.CONFLICT, "another zondad serves " + config.root() + " already"));
    }

    private static void serve(HostWiring wiring) throws InterruptedException {
        var asked = new CountDownLatch(1);
        var stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            asked.countDown();
            try {
                stopped.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        try {
            wiring.start();
            System.getLogger(Zondad.class.getName()).log(System.Logger.Level.INFO, "serving");
            asked.await();
            if (HostShutdown.isUnderWay()) {
                wiring.shutDownVms();
            }
        } finally {
            wiring.close();
            stopped.countDown();
        }
    }

    private static void createPool(HostWiring wiring, DaemonConfig config) {
        if (!wiring.pools().exists(config.pool())) {
            wiring.pools().create(config.pool(), Optional.of(config.poolSize())).close();
        }
    }

    private static void rebuildPool(HostWiring wiring, DaemonConfig config) {
        int made = wiring.pools().rebuild(config.pool());
        System.out.println(
                "zondad: made " + made + " records of pool " + config.pool().name() + " again");
    }

    private static void tearDown(HostWiring wiring, DaemonConfig config) {
        Zones zones = wiring.zones();
        zones.start();
        zones.remembered().forEach(zones::destroy);
        zones.removeParent();
        wiring.networks().destroy();
        var store = new VmStore(
                config.root().resolve("etc/zones"),
                PropertyTable.load(),
                name -> config.root().resolve(name));
        store.start();
        store.forgetAll();
        if (wiring.pools().exists(config.pool())) {
            Pool pool = wiring.pools().open(config.pool());
            try (PoolRegistry registry = wiring.registry()) {
                registry.start(pool).forEach(System.err::println);
                registry.pools().stream()
                        .skip(1)
                        .forEach(one -> registry.destroy(one.config().name()));
            }
            wiring.pools().destroy(pool);
        }
    }

    /**
     * For tests of recovery: ends the process, as kill -9 would, after the step that ZONDA_CRASH_AFTER names, or one that
     * a test names while it runs.
     */
    private static Journal.CrashPoint crashPoint() {
        String directory = System.getenv("ZONDA_STEPS");
        if (directory != null && !directory.isEmpty()) {
            return new StepTrace(Path.of(directory));
        }
        String step = System.getenv("ZONDA_CRASH_AFTER");
        if (step == null || step.isEmpty()) {
            return Journal.CrashPoint.NONE;
        }
        return passed -> {
            if (passed.equals(step)) {
                Runtime.getRuntime().halt(StepTrace.KILLED);
            }
        };
    }
}
