package zonda.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Journal.CrashPoint;
import zonda.base.OpException;
import zonda.kernel.MountInfo;
import zonda.kernel.Mounts;

/**
 * A life of a pool on a host that has OpenZFS, with its mounts. A program of its own, since it is to run in a guest whose
 * CPU is emulated, where JUnit takes longer to start than this does in all. Prints a line for each part that went well.
 */
final class PoolOnOpenZfs {
    private final Pools pools = new Pools(InstantSource.system(), new SplittableRandom(), CrashPoint.NONE);
    private final PoolConfig config =
            PoolConfig.embedded("tank", Path.of("/mnt/tank"), Path.of("/run/tank"), Path.of("/var/tank.img"));
    private Pool pool;

    private PoolOnOpenZfs() {
        pool = pools.create(config, Optional.of(Bytes.ofMiB(512)));
    }

    /** @param arguments none */
    public static void main(String[] arguments) throws IOException {
        var life = new PoolOnOpenZfs();
        life.begins();
        life.copies();
        life.isBusy();
        life.hasVolumes();
        life.goesOn();
        life.ends();
    }

    private static void require(boolean holds, Object what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    private static void passed(String part) {
        System.out.println("passed: " + part);
        System.out.flush();
    }

    private Datasets datasets() {
        return pool.datasets();
    }

    private static Path at(String path) {
        return Path.of("/mnt/tank").resolve(path);
    }

    private List<String> mounted() {
        return Mounts.list().stream()
                .filter(mount -> mount.type().equals("zfs"))
                .map(mount -> mount.source() + " " + mount.target())
                .toList();
    }

    private void begins() {
        require(pool.driverName().equals("OpenZFS"), "found out by itself: " + pool.driverName());
        require(pool.findings().isEmpty(), pool.findings());
        require(mounted().equals(List.of("tank/.zonda /run/tank/pools/tank", "tank /mnt/tank")), mounted());
        require(pool.size().toMiB() > 300, pool.size());
        require(pool.vdevs().getFirst().path().equals("/var/tank.img"), pool.vdevs());
        passed("begins");
    }

    private void copies() throws IOException {
        datasets().create("tank/image", DatasetOptions.DEFAULT.mode(0710));
        require(
                PosixFilePermissions.toString(Files.getPosixFilePermissions(at("image")))
                        .equals("rwx--x---"),
                "mode");
        Files.writeString(at("image/file"), "of the image");
        datasets().snapshot("tank/image", "final");
        datasets().clone("tank/image@final", "tank/vm", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(64)));
        Files.writeString(at("vm/file"), "of the vm");
        require(
                Files.readString(datasets().directory("tank/image@final").resolve("file"))
                        .equals("of the image"),
                "snapshot");
        long size = at("vm").toFile().getTotalSpace() >> 20;
        require(size >= 63 && size <= 65, "df tells the quota: " + size + " MiB");
        datasets().rename("tank/vm", "tank/vm2");
        require(!Files.exists(at("vm")) && Files.readString(at("vm2/file")).equals("of the vm"), "renamed");
        datasets().promote("tank/vm2");
        datasets().rollback("tank/vm2@final", false);
        require(Files.readString(at("vm2/file")).equals("of the image"), "rolled back");
        require(mounted().contains("tank/vm2 /mnt/tank/vm2"), mounted());
        passed("copies");
    }

    private void isBusy() throws IOException {
        try (var _ = Files.newBufferedReader(at("vm2/file"))) {
            datasets().rename("tank/vm2", "tank/vm3");
            throw new AssertionError("renamed while a file was open");
        } catch (OpException e) {
            require(e.code() == Code.CONFLICT, e);
            require(String.valueOf(e.getMessage()).contains("'tank/vm2': dataset is busy: "), e);
        }
        require(datasets().find("tank/vm2").orElseThrow().mounted(), "mounted as before");
        passed("is busy");
    }

    private void hasVolumes() throws IOException {
        datasets().create("tank/disk", DatasetOptions.DEFAULT.volume(new VolumeShape(Bytes.ofMiB(8), 8192)));
        try (var channel = FileChannel.open(datasets().volume("tank/disk"), StandardOpenOption.WRITE)) {
            require(channel.size() == 8 << 20, channel.size());
            channel.write(ByteBuffer.wrap("disk".getBytes(StandardCharsets.US_ASCII)), 8192);
            channel.force(true);
            try {
                datasets().destroy("tank/disk", false);
                throw new AssertionError("destroyed while it was open");
            } catch (OpException e) {
                require(e.code() == Code.CONFLICT, e);
            }
        }
        datasets().snapshot("tank/disk", "s");
        datasets().clone("tank/disk@s", "tank/disk2", DatasetOptions.DEFAULT);
        var bytes = ByteBuffer.allocate(4);
        try (var channel = FileChannel.open(datasets().volume("tank/disk2"))) {
            channel.read(bytes, 8192);
        }
        require(new String(bytes.array(), StandardCharsets.US_ASCII).equals("disk"), "clone of a volume");
        datasets().destroy("tank/disk2", false);
        datasets().destroy("tank/disk", true);
        passed("has volumes");
    }

    /** As a daemon that is started again, and as after a reboot. */
    private void goesOn() throws IOException {
        List<String> before = mounted();
        pool.close();
        pool = pools.open(config);
        require(pool.findings().isEmpty(), pool.findings());
        require(mounted().equals(before), mounted());
        pools.export(pool);
        require(mounted().isEmpty(), mounted());
        require(pools.exists(config), "exported, and there");
        pool = pools.open(config);
        require(pool.findings().isEmpty(), pool.findings());
        require(Files.readString(at("vm2/file")).equals("of the image"), "content");
        datasets().destroy("tank/image", false);
        datasets().destroy("tank/vm2", true);
        passed("goes on");
    }

    private void ends() {
        pools.destroy(pool);
        require(mounted().isEmpty(), mounted());
        require(Mounts.list().stream().map(MountInfo::target).noneMatch(path -> path.startsWith("/run/tank")), "top");
        require(!Files.exists(config.image()), "file");
        passed("ends");
    }
}
