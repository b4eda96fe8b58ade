package zonda.zstream;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import zonda.kernel.Access;
import zonda.kernel.DataFile;
import zonda.kernel.DeviceNumber;
import zonda.kernel.Directory;
import zonda.kernel.FileStat;
import zonda.kernel.IoBuffer;

/**
 * Writes streams for a test against ZFS itself: {@code StreamFiles DIRECTORY}. What is in the directory then is said in
 * the package's description.
 */
public final class StreamFiles {
    private static final Instant MADE = Instant.ofEpochSecond(1_750_000_000);
    /** Of version 2, xattr(7) and linux/posix_acl_xattr.h: owner rwx, user 1000 r-x, group r-x, mask rwx, others nothing. */
    private static final String ACCESS_LIST = "02000000" + "01000700ffffffff" + "02000500e8030000" + "04000500ffffffff"
            + "10000700ffffffff" + "20000000ffffffff";

    private static final IoBuffer BUFFER = IoBuffer.of(1 << 20);

    private final Path directory;
    private final List<String> list = new ArrayList<>();
    private long guid = 0x5a00_0000_0000_0001L;

    private StreamFiles(Path directory) {
        this.directory = directory;
    }

    /** @param arguments the directory, which is made */
    public static void main(String[] arguments) throws IOException {
        write(Path.of(arguments[0]));
    }

    /** Writes all of them. */
    public static void write(Path directory) throws IOException {
        Files.createDirectories(directory);
        var files = new StreamFiles(directory);
        Path scratch = Files.createTempDirectory("zonda-streams-");
        try {
            files.random(scratch);
            files.features(scratch);
            files.manyNames(scratch);
            files.volume(scratch);
        } finally {
            Trees.delete(scratch);
        }
        Files.write(directory.resolve("list"), files.list);
    }

    /** A tree of all kinds of files, and three increments of it; the last one is compound. */
    private void random(Path scratch) throws IOException {
        var random = new Random(1);
        Path tree = scratch.resolve("tree");
        Trees.fill(tree, 300, random);
        ObjectMap map = filesystem("full", tree, Optional.empty(), "-", false);
        String last = "full";
        for (int i = 1; i <= 3; i++) {
            Path before = scratch.resolve("before" + i);
            Trees.copy(tree, before);
            Trees.change(tree, 40, random);
            try (Directory origin = Directory.open(before)) {
                map = filesystem("increment" + i, tree, Optional.of(new SendOrigin(map, origin, last)), last, i == 3);
            }
            last = "increment" + i;
        }
    }

    /** What is special, one of each: spill blocks by links and attributes, hidden directories, odd modes, holes. */
    private void features(Path scratch) throws IOException {
        Path tree = Files.createDirectory(scratch.resolve("features"));
        try (Directory root = Directory.open(tree)) {
            root.symlink("short-link", "target");
            root.symlink("long-link", "l".repeat(300));
            root.symlink("longest-link", "l".repeat(4000));
            Files.writeString(tree.resolve("attributes"), "text");
            root.attribute("attributes", "user.short", new byte[] {1, 2, 3});
            root.attribute("attributes", "user.spilled", new byte[1500]);
            Files.writeString(tree.resolve("long-attribute"), "");
            root.attribute("long-attribute", "user.long", new byte[3000]);
            Files.writeString(tree.resolve("capable"), "cap_net_raw");
            root.attribute("capable", "security.capability", hex("0100000200200000000000000000000000000000"));
            root.mkdir("listed");
            root.attribute("listed", "system.posix_acl_access", hex(ACCESS_LIST));
            root.attribute("listed", "system.posix_acl_default", hex(ACCESS_LIST));
            root.mkdir("n".repeat(255));
            Files.writeString(tree.resolve("n".repeat(255)).resolve("m".repeat(255)), "long names");
            for (int mode : new int[] {0, 0007, 0070, 0700, 0077, 0707, 0770, 04755, 02755, 01777}) {
                String name = "mode-" + Integer.toOctalString(mode);
                Files.writeString(tree.resolve(name), name);
                root.access(name, new Access(mode, 1000, 100));
            }
            try (DataFile sparse = root.createData("sparse")) {
                sparse.write(5_000_000, new byte[] {1}, 0, 1, BUFFER);
                sparse.truncate(100_000_000);
            }
            Files.writeString(tree.resolve("linked"), "twice");
            Files.createLink(tree.resolve("link"), tree.resolve("linked"));
            root.mknod("character", FileStat.Kind.CHARACTER, new DeviceNumber(10, 3));
            root.mknod("block", FileStat.Kind.BLOCK, new DeviceNumber(254, 1_000_000));
            root.mkfifo("fifo");
            root.mknod("socket", FileStat.Kind.SOCKET, DeviceNumber.NONE);
        }
        filesystem("features", tree, Optional.empty(), "-", false);
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }

    private void manyNames(Path scratch) throws IOException {
        Path tree = Files.createDirectory(scratch.resolve("names"));
        try (Directory root = Directory.open(tree)) {
            for (int directories = 0; directories < 4; directories++) {
                int names = List.of(1, 2047, 2048, 20_000).get(directories);
                String name = "names-" + names;
                root.mkdir(name);
                try (Directory child = root.child(name)) {
                    for (int i = 0; i < names; i++) {
                        child.create("name-" + i).close();
                    }
                }
            }
            root.mkdir("external");
            try (Directory child = root.child("external")) {
                for (int i = 0; i < 120_000; i++) {
                    if (i % 30_000 == 0) {
                        root.create("file" + i / 30_000).close();
                    }
                    child.link("a name that is long enough to take several chunks " + i, root, "file" + i / 30_000);
                }
            }
        }
        filesystem("names", tree, Optional.empty(), "-", false);
    }

    private void volume(Path scratch) throws IOException {
        var random = new Random(2);
        byte[] content = new byte[16 << 20];
        byte[] some = new byte[3 << 20];
        random.nextBytes(some);
        System.arraycopy(some, 0, content, 4 << 20, some.length);
        Path from = Files.createDirectory(scratch.resolve("volume"));
        Path before = Files.createDirectory(scratch.resolve("volume-before"));
        Files.write(from.resolve("disk"), content);
        ObjectMap map = volume("volume", from, content, Optional.empty(), "-");
        Files.write(before.resolve("disk"), content);
        System.arraycopy(some, 0, content, 0, 100_000);
        java.util.Arrays.fill(content, 5 << 20, 6 << 20, (byte) 0);
        Files.write(from.resolve("disk"), content);
        try (Directory origin = Directory.open(before)) {
            volume("volume-increment", from, content, Optional.of(new SendOrigin(map, origin, "volume")), "volume");
        }
    }

    private ObjectMap volume(String name, Path from, byte[] content, Optional<SendOrigin> origin, String on)
            throws IOException {
        list.add(name + " volume " + on);
        Files.writeString(directory.resolve(name + ".sha256"), Trees.hash(content) + "  -\n");
        try (Directory place = Directory.open(from);
                OutputStream out = out(name)) {
            return VolumeSender.send(
                    new VolumeReceiver.Place(place, "disk"),
                    SendOptions.of("zonda/volume@" + name, guid++, MADE),
                    origin,
                    out);
        }
    }

    private OutputStream out(String name) throws IOException {
        return new BufferedOutputStream(Files.newOutputStream(directory.resolve(name + ".zs")), 1 << 20);
    }

    private ObjectMap filesystem(String name, Path tree, Optional<SendOrigin> origin, String on, boolean isCompound)
            throws IOException {
        list.add(name + " filesystem " + on);
        Listing.of(tree).write(directory, name);
        var options = SendOptions.of("zonda/tree@" + name, guid++, MADE);
        if (isCompound) {
            options = options.withProperties(NvList.EMPTY.with("zonda:note", NvList.text("from the stream")));
        }
        try (Directory root = Directory.open(tree);
                OutputStream out = out(name)) {
            return FilesystemSender.send(root, options, origin, out);
        }
    }
}
