package zonda.daemon;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import zonda.base.Journal;
import zonda.base.StateFile;
import zonda.commands.CommandServer;
import zonda.commands.CommandServer.Audience;
import zonda.commands.ConsoleRelay;
import zonda.commands.DtraceTool;
import zonda.commands.ImgadmTool;
import zonda.commands.NictagadmTool;
import zonda.commands.SysinfoTool;
import zonda.commands.Tool;
import zonda.commands.UserZfs;
import zonda.commands.UserZpool;
import zonda.commands.VmadmTool;
import zonda.commands.VmadmdServer;
import zonda.commands.VminfodServer;
import zonda.commands.ZfsTool;
import zonda.commands.ZloginTool;
import zonda.commands.ZoneDtrace;
import zonda.commands.ZoneZfs;
import zonda.commands.ZoneadmTool;
import zonda.commands.ZonecfgTool;
import zonda.commands.ZonenameTool;
import zonda.commands.ZpoolTool;
import zonda.dtrace.Dtrace;
import zonda.dtrace.KernelFeatures;
import zonda.images.HostImages;
import zonda.images.Images;
import zonda.images.ImgadmPaths;
import zonda.kernel.UnixSocket;
import zonda.metadata.NativeTree;
import zonda.network.NetworkInstance;
import zonda.network.Networks;
import zonda.storage.Caller;
import zonda.storage.Datasets;
import zonda.storage.Pool;
import zonda.storage.PoolRegistry;
import zonda.storage.Pools;
import zonda.storage.ScrubSchedule;
import zonda.vm.EditedFiles;
import zonda.vm.GuestTool;
import zonda.vm.Host;
import zonda.vm.IdRanges;
import zonda.vm.Keeper;
import zonda.vm.PropertyTable;
import zonda.vm.Recovery;
import zonda.vm.VmStore;
import zonda.vm.Vms;
import zonda.zones.Zones;
import zonda.zones.ZonesConfig;

/** What is made of what, for one instance. The only place that knows all features. */
final class HostWiring implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(HostWiring.class.getName());
    static final long MOST_VMS = 8192;
    /** What each VM may take to shut down when the host does; the unit gives the daemon as long and some more. */
    private static final Duration VM_SHUTDOWN = Duration.ofSeconds(60);

    private static final Duration KEEPER_PERIOD = Duration.ofSeconds(60);

    private final DaemonConfig config;
    private final InstantSource clock = InstantSource.system();
    private final SecureRandom random = new SecureRandom();
    private final Journal.CrashPoint crashPoint;
    private final List<AutoCloseable> closing = new ArrayList<>();
    private Runnable shutDown = () -> {};

    HostWiring(DaemonConfig config, Journal.CrashPoint crashPoint) {
        this.config = config;
        this.crashPoint = crashPoint;
    }

    Pools pools() {
        return new Pools(clock, random, crashPoint);
    }

    /** The pools beside the first. */
    PoolRegistry registry() {
        return new PoolRegistry(new PoolRegistry.Setup(
                pools(), config.root().resolve("etc/zonda/pools.json"), config.root(), config.run(), crashPoint));
    }

    Networks networks() {
        return new Networks(new NetworkInstance(
                config.prefix(),
                config.state().resolve("network"),
                config.run().resolve("network"),
                Path.of("/run/zonda")));
    }

    Zones zones() {
        String parent = config.isWholeHost() ? "zonda" : "zonda-" + config.prefix();
        return new Zones(new ZonesConfig(config.run(), config.root().resolve("var/log/zonda"), parent), clock);
    }

    /** Starts everything, lowest floor first; when it returns, commands are served. */
    void start() {
        var journal = new Journal(config.state().resolve("journal"), clock, crashPoint);
        journal.start();
        Pool pool = openPool();
        closing.add(pool);
        closing.add(new ScrubSchedule(pool, config.scrubEvery(), clock).start());
        PoolRegistry registry = registry();
        registry.start(pool).forEach(finding -> LOG.log(System.Logger.Level.WARNING, finding));
        closing.add(registry);
        Zones zones = zones();
        zones.start();
        Networks networks = networks();
        networks.up();
        closing.add(networks);
        var open = new OpenPools(registry, config.root());
        var images = new HostImages(
                open,
                store -> new Images.Setup(new ImgadmPaths(config.root()), store, journal, clock, System.getenv()));
        images.recover();
        var metadata = new ServedMetadata(config.root().resolve("var/zonecontrol"));
        closing.add(metadata);
        var tools = new ServedTools(metadata.service());
        closing.add(tools);
        var host = new Host(
                open,
                (uuid, zpool) -> images.find(zpool)
                        .flatMap(ofPool -> ofPool.find(UUID.fromString(uuid)))
                        .map(image -> image.manifest()),
                networks,
                zones,
                metadata,
                tools,
                journal,
                new NativeTree(config.state().resolve("native")).assemble(),
                new Host.HostFacts(serverUuid(), liveImage(), config.adminAddress()),
                clock,
                random);
        PropertyTable table = PropertyTable.load();
        var store = new VmStore(config.root().resolve("etc/zones"), table, open::mountpoint);
        store.start();
        var vms = new Vms(host, store, table, new IdRanges(config.idBase(), MOST_VMS));
        var dtrace = new Dtrace(
                zones::byUserNamespace, KernelFeatures.in(config.run().resolve("dtrace-features")));
        tools.answerBy(GuestTool.ZFS, new ZoneZfs(vms)::serve);
        tools.answerBy(GuestTool.DTRACE, new ZoneDtrace(dtrace, vms, zones)::serve);
        shutDown = () -> vms.shutDownAll(VM_SHUTDOWN);
        closing.add(new Recovery(vms, config.run().resolve("autobooted")).recover());
        closing.add(vms);
        closing.add(Keeper.start(vms, keeperPeriod()));
        closing.add(EditedFiles.start(store));
        var info = new HostInfo(config, pool, networks, serverUuid(), liveImage());
        serve(vms, table, zones, new Served(images, registry, networks, dtrace, info));
    }

    /** Tests let it look so often that it looks while something else is done. */
    private static Duration keeperPeriod() {
        String millis = System.getenv("ZONDA_KEEPER_MS");
        return millis == null ? KEEPER_PERIOD : Duration.ofMillis(Long.parseLong(millis));
    }

    private Pool openPool() {
        Pool pool = pools().open(config.pool());
        pool.findings().forEach(finding -> LOG.log(System.Logger.Level.WARNING, finding));
        return pool;
    }

    private record Served(HostImages images, PoolRegistry registry, Networks networks, Dtrace dtrace, HostInfo info) {}

    private void serve(Vms vms, PropertyTable table, Zones zones, Served served) {
        var consoles = new ConsoleRelay(zones);
        Supplier<List<Datasets>> datasets =
                () -> served.registry().pools().stream().map(Pool::datasets).toList();
        var zpool = new ZpoolTool(served.registry());
        List<Tool> tools = List.of(
                new VmadmTool(vms, table, consoles),
                new ImgadmTool(served.images(), vms, clock),
                new ZoneadmTool(vms),
                new ZonecfgTool(vms),
                new ZloginTool(vms, zones, consoles),
                new ZonenameTool(),
                new NictagadmTool(served.networks(), vms),
                new ZfsTool(datasets),
                zpool,
                new DtraceTool(served.dtrace()),
                new SysinfoTool(served.info()::json));
        listen(new CommandServer(config.socket(), Audience.ROOT, tools, HostWiring::caller));
        List<Tool> ofUsers = List.of(new UserZfs(datasets), new UserZpool(zpool));
        listen(new CommandServer(config.userSocket(), Audience.USERS, ofUsers, HostWiring::caller));
        config.http().vminfod().ifPresent(address -> closing.add(VminfodServer.start(vms, address)));
        config.http().vmadmd().ifPresent(address -> closing.add(VmadmdServer.start(vms, address)));
    }

    private void listen(CommandServer server) {
        server.start();
        closing.add(server);
    }

    private static Caller caller(SocketChannel channel) {
        return new Caller(UnixSocket.peer(channel).uid(), UnixSocket.peerGroups(channel));
    }

    /** Made once, and the same ever after. */
    private String serverUuid() {
        Path file = config.state().resolve("server-uuid");
        return StateFile.read(file).map(String::strip).orElseGet(() -> {
            String uuid = UUID.randomUUID().toString();
            StateFile.replace(file, uuid + "\n");
            return uuid;
        });
    }

    /** The stamp of this build, in the form of SmartOS' platform images. */
    private static String liveImage() {
        return "20261123T000000Z";
    }

    static String hostname() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    /** Shuts all VMs down: the host is about to. */
    void shutDownVms() {
        LOG.log(System.Logger.Level.INFO, "the host goes down: shutting down the VMs");
        shutDown.run();
    }

    /** Stops serving, newest first. The zones run on. */
    @Override
    public void close() {
        for (AutoCloseable one : closing.reversed()) {
            try {
                one.close();
            } catch (Exception e) {
                LOG.log(System.Logger.Level.WARNING, "close " + one + ": " + e);
            }
        }
    }
}
