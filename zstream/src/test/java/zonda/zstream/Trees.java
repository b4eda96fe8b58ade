package zonda.zstream;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import zonda.kernel.Access;
import zonda.kernel.Command;
import zonda.kernel.DataFile;
import zonda.kernel.DeviceNumber;
import zonda.kernel.Directory;
import zonda.kernel.FileStat;
import zonda.kernel.IoBuffer;

/** Trees of files for tests: makes them at random, changes them, and says all of them that streams carry. */
public final class Trees {
    private static final IoBuffer BUFFER = IoBuffer.of(1 << 20);

    private Trees() {}

    /** One line per file, by its path: kind, mode, owners, time, content, links, attributes. */
    static Map<String, String> describe(Path root) {
        return describe(root, Trees::sum);
    }

    private static Map<String, String> describe(Path root, BiFunction<Directory, String, String> content) {
        Map<String, String> lines = new TreeMap<>();
        Map<Long, String> first = new HashMap<>();
        try (Directory directory = Directory.open(root)) {
            lines.put(".", line(directory.stat(), "", directory.attributes()));
            describe(directory, "", content, lines, first);
        }
        return lines;
    }

    /** What one tree has and another has otherwise, a line each; empty when they are equal. */
    public static List<String> differences(Path one, Path other) {
        Map<String, String> left = describe(one, Trees::crc);
        Map<String, String> right = describe(other, Trees::crc);
        List<String> lines = new ArrayList<>();
        left.forEach((path, line) -> {
            if (!line.equals(right.get(path))) {
                lines.add(path + ": " + line + " / " + right.get(path));
            }
        });
        right.keySet().stream()
                .filter(path -> !left.containsKey(path))
                .forEach(path -> lines.add(path + ": nothing / " + right.get(path)));
        return lines;
    }

    private static void describe(
            Directory directory,
            String prefix,
            BiFunction<Directory, String, String> sums,
            Map<String, String> lines,
            Map<Long, String> first) {
        for (String name : directory.names().stream().sorted().toList()) {
            String path = prefix + name;
            FileStat stat = directory.stat(name).orElseThrow();
            String content = switch (stat.kind()) {
                case FILE -> stat.size() + " " + sums.apply(directory, name);
                case SYMLINK -> "-> " + directory.readLink(name);
                case CHARACTER, BLOCK -> directory.device(name).toString();
                case DIRECTORY, FIFO, SOCKET -> "";
            };
            if (!stat.isDirectory() && stat.links() > 1) {
                String other = first.putIfAbsent(stat.inode(), path);
                content += other == null ? "" : " is " + other;
            }
            lines.put(path, line(stat, content, directory.attributes(name)));
            if (stat.isDirectory()) {
                try (Directory child = directory.child(name)) {
                    describe(child, path + "/", sums, lines, first);
                }
            }
        }
    }

    private static String line(FileStat stat, String content, Map<String, byte[]> attributes) {
        return "%s %o %d:%d %s %s %s"
                .formatted(
                        stat.kind(),
                        stat.mode(),
                        Integer.toUnsignedLong(stat.uid()),
                        Integer.toUnsignedLong(stat.gid()),
                        stat.modified(),
                        content,
                        attributes.entrySet().stream()
                                .map(attribute -> attribute.getKey() + "=" + hash(attribute.getValue()))
                                .toList());
    }

    /** Of a file's content. In tests' JVMs CRC-32 is quick, and takes a tenth of what SHA-256 does. */
    private static String crc(Directory directory, String name) {
        var crc = new CRC32();
        read(directory, name, crc::update);
        return Long.toHexString(crc.getValue());
    }

    /** The SHA-256 of a file's content, in hexadecimal. */
    static String sum(Directory directory, String name) {
        MessageDigest digest = sha256();
        read(directory, name, digest::update);
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The SHA-256 of the bytes, in hexadecimal. */
    static String hash(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** Who is given pieces of a content. */
    @FunctionalInterface
    private interface Pieces {
        void take(byte[] bytes, int from, int length);
    }

    private static void read(Directory directory, String name, Pieces pieces) {
        try (DataFile file = directory.readData(name)) {
            byte[] piece = new byte[1 << 16];
            long at = 0;
            for (int got = file.read(at, piece, 0, piece.length, BUFFER);
                    got > 0;
                    got = file.read(at, piece, 0, piece.length, BUFFER)) {
                pieces.take(piece, 0, got);
                at += got;
            }
        }
    }

    /** As {@code cp -a} does it. */
    static void copy(Path from, Path to) {
        Command.of("cp", "-a", from.toString(), to.toString()).check(Duration.ofMinutes(2));
    }

    /** Removes a tree, if it is there. */
    public static void delete(Path tree) {
        if (Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
            try (Directory parent = Directory.open(tree.getParent())) {
                parent.deleteTree(tree.getFileName().toString());
            }
        }
    }

    /** Makes a directory full of files of all kinds. */
    public static void fill(Path root, int files, RandomGenerator random) {
        try {
            Files.createDirectories(root);
            List<Path> directories = new ArrayList<>(List.of(root));
            for (int i = 0; i < files; i++) {
                add(root, directories, random);
            }
            times(root, random);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Changes a tree in a few places. */
    public static void change(Path root, int changes, RandomGenerator random) {
        for (int i = 0; i < changes; i++) {
            List<Path> all = all(root);
            Path one = all.get(random.nextInt(all.size()));
            List<Path> directories = new ArrayList<>(all.stream()
                    .filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .toList());
            try {
                change(root, one, directories, random);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void change(Path root, Path one, List<Path> directories, RandomGenerator random) throws IOException {
        boolean isFile = Files.isRegularFile(one, LinkOption.NOFOLLOW_LINKS);
        switch (random.nextInt(8)) {
            case 0 -> add(root, directories, random);
            case 1 -> {
                if (!one.equals(root)) {
                    delete(one);
                }
            }
            case 2 -> {
                Path to = directories.get(random.nextInt(directories.size()));
                if (!one.equals(root) && !to.startsWith(one)) {
                    Path target = to.resolve(name(random));
                    if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                        Files.move(one, target);
                    }
                }
            }
            case 3, 4 -> {
                if (isFile) {
                    overwrite(one, random);
                }
            }
            case 5 -> dress(one, random);
            case 6 -> {
                if (isFile) {
                    Path link =
                            directories.get(random.nextInt(directories.size())).resolve(name(random));
                    if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
                        Files.createLink(link, one);
                    }
                }
            }
            default -> {
                if (!one.equals(root)) {
                    delete(one);
                    make(one, directories, random);
                }
            }
        }
    }

    private static List<Path> all(Path root) {
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void add(Path root, List<Path> directories, RandomGenerator random) throws IOException {
        Path parent = directories.get(random.nextInt(directories.size()));
        Path path = parent.resolve(name(random));
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            make(path, directories, random);
        }
    }

    private static void make(Path path, List<Path> directories, RandomGenerator random) throws IOException {
        String name = path.getFileName().toString();
        try (Directory parent = Directory.open(path.getParent())) {
            switch (random.nextInt(12)) {
                case 0, 1 -> {
                    Files.createDirectory(path);
                    directories.add(path);
                }
                case 2 -> parent.symlink(name, "x".repeat(random.nextInt(1, random.nextBoolean() ? 40 : 900)));
                case 3 -> parent.mkfifo(name);
                case 4 -> parent.mknod(name, FileStat.Kind.SOCKET, DeviceNumber.NONE);
                case 5 ->
                    parent.mknod(
                            name,
                            random.nextBoolean() ? FileStat.Kind.CHARACTER : FileStat.Kind.BLOCK,
                            new DeviceNumber(random.nextInt(1, 4000), random.nextInt(1 << 20)));
                default -> content(path, random);
            }
        }
        dress(path, random);
    }

    private static String name(RandomGenerator random) {
        String letters = "abcdefghijklmnopqrstuvwxyz \u00e9\u4e2d\ud83d\ude00";
        int length = random.nextInt(6) == 0 ? random.nextInt(50, 80) : random.nextInt(1, 12);
        StringBuilder name = new StringBuilder();
        for (int i = 0; i < length; i++) {
            name.append(letters.charAt(random.nextInt(28)));
        }
        return name.append(random.nextInt(1000)).toString();
    }

    private static void content(Path file, RandomGenerator random) throws IOException {
        int size = switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> random.nextInt(1, 600);
            case 2 -> random.nextInt(1, 200_000);
            default -> random.nextInt(1, 1_000_000);
        };
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        if (size > 300_000) {
            Arrays.fill(bytes, 140_000, 290_000, (byte) 0);
        }
        Files.write(file, bytes);
        if (random.nextInt(6) == 0) {
            try (Directory parent = Directory.open(file.getParent());
                    DataFile opened = parent.openData(file.getFileName().toString())) {
                opened.write(random.nextInt(2_000_000, 5_000_000), new byte[] {1, 2, 3}, 0, 3, BUFFER);
            }
        }
    }

    private static void overwrite(Path file, RandomGenerator random) throws IOException {
        try (Directory parent = Directory.open(file.getParent());
                DataFile opened = parent.openData(file.getFileName().toString())) {
            long size = opened.stat().size();
            switch (random.nextInt(4)) {
                case 0 -> opened.truncate(size == 0 ? 0 : random.nextLong(size));
                case 1 -> opened.truncate(size + random.nextInt(400_000));
                case 2 -> {
                    byte[] bytes = new byte[random.nextInt(1, 300_000)];
                    random.nextBytes(bytes);
                    opened.write(random.nextLong(size + 1), bytes, 0, bytes.length, BUFFER);
                }
                default -> {
                    if (size > 0) {
                        opened.punch(random.nextLong(size), random.nextInt(1, 400_000));
                    }
                }
            }
            opened.modified(Instant.ofEpochSecond(1_700_000_000 + random.nextInt(1 << 20), random.nextInt(1 << 29)));
        }
    }

    private static void dress(Path path, RandomGenerator random) {
        try (Directory parent = Directory.open(path.getParent())) {
            String name = path.getFileName().toString();
            FileStat stat = parent.stat(name).orElseThrow();
            int owner = random.nextInt(3) == 0 ? random.nextInt(1 << 20) : 0;
            parent.access(name, new Access(random.nextInt(010000), owner, random.nextInt(1 << 20)));
            if (random.nextInt(4) == 0 && (stat.isFile() || stat.isDirectory())) {
                for (int i = random.nextInt(1, 4); i > 0; i--) {
                    byte[] value = new byte[random.nextInt(4) == 0 ? random.nextInt(1, 900) : random.nextInt(1, 60)];
                    random.nextBytes(value);
                    parent.attribute(name, "user.a" + random.nextInt(4), value);
                }
            }
            parent.modified(
                    name, Instant.ofEpochSecond(1_700_000_000 + random.nextInt(1 << 20), random.nextInt(1 << 29)));
        }
    }

    /** Directories last, since what is made in them changes them. */
    private static void times(Path root, RandomGenerator random) throws IOException {
        for (Path path : all(root).reversed()) {
            if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                Files.setLastModifiedTime(
                        path,
                        FileTime.from(Instant.ofEpochSecond(1_600_000_000 + random.nextInt(1 << 20), 123_456_789)));
            }
        }
    }
}
