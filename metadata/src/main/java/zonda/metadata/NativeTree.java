package zonda.metadata;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import zonda.base.Code;
import zonda.base.FileVersion;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.kernel.Command;

/**
 * The directory that every zone has as {@code /native}, read-only: guest tools that need nothing of the image.
 *
 * <p>It is put together from Debian's packages on the host: busybox-static, netcat-openbsd with its own C library and
 * loader (busybox' nc has no Unix sockets), a static reaper, and our scripts. It is made once for each content, under a
 * name that is the content's hash, so a zone keeps the one that it was started with.
 */
public final class NativeTree {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Pattern LIBRARY = Pattern.compile("\\s*(\\S+) => (/\\S+) \\(0x[0-9a-f]+\\)");
    private static final List<String> TOOLS =
            List.of("mdata-get", "mdata-put", "mdata-list", "mdata-delete", "zfs", "dtrace");

    private static final String MADE_OF = "made-of.json";

    private final Path directory;

    /** @param directory where trees are kept, such as the instance's state directory's {@code native} */
    public NativeTree(Path directory) {
        this.directory = directory;
    }

    /**
     * Mode and content of a file of the tree.
     *
     * @param source the host's file; empty for what is this program's own
     */
    private record Item(boolean executable, byte[] content, Optional<Path> source) {}

    /**
     * The tree of what the host has now; made if it isn't there.
     *
     * @throws OpException NOT_FOUND naming the Debian package that is missing
     */
    public Path assemble() {
        try {
            Optional<Path> made = made();
            return made.isPresent() ? made.get() : assembleAnew();
        } catch (IOException e) {
            throw new UncheckedIOException("make the tools for zones in " + directory + ": " + e, e);
        }
    }

    private Path assembleAnew() throws IOException {
        Map<String, Item> items = items();
        Path tree = directory.resolve(hash(items));
        if (!Files.isDirectory(tree)) {
            Files.createDirectories(directory);
            make(tree, items);
        }
        Json.Obj files = Json.object();
        for (Item item : items.values()) {
            if (item.source().isPresent()) {
                Path source = item.source().get();
                files = files.with(source.toString(), FileVersion.of(source).toString());
            }
        }
        StateFile.replaceVolatile(
                directory.resolve(MADE_OF),
                Json.object()
                        .with("tree", String.valueOf(tree.getFileName()))
                        .with("scripts", hash(scripts()))
                        .with("files", files)
                        .pretty());
        return tree;
    }

    /** The last that was made, if all is as it was then: to read it all takes a tenth of a daemon's start. */
    private Optional<Path> made() {
        try {
            Optional<Json.Obj> origin = StateFile.readObject(directory.resolve(MADE_OF));
            return origin.isPresent() && isOfToday(origin.get())
                    ? origin.get().string("tree").map(directory::resolve).filter(Files::isDirectory)
                    : Optional.empty();
        } catch (IOException | OpException _) {
            return Optional.empty();
        }
    }

    private static boolean isOfToday(Json.Obj origin) throws IOException {
        Json.Obj files = origin.object("files");
        for (Path program : List.of(busybox(), reaper(), netcat())) {
            if (!files.has(program.toString())) {
                return false;
            }
        }
        for (String file : files.members().keySet()) {
            if (!FileVersion.of(Path.of(file)).toString().equals(files.string(file, ""))) {
                return false;
            }
        }
        return hash(scripts()).equals(origin.string("scripts", ""));
    }

    private static Map<String, Item> items() throws IOException {
        Map<String, Item> items = new TreeMap<>();
        Path busybox = busybox();
        if (ElfInterpreter.of(busybox).isPresent()) {
            throw new OpException(
                    Code.NOT_FOUND, busybox + " needs a C library: install the Debian package busybox-static");
        }
        items.put("usr/bin/busybox", program(busybox));
        items.put("usr/lib/zonda/reaper", program(reaper()));
        Path netcat = netcat();
        items.put("lib/nc", program(netcat));
        Optional<Path> loader = ElfInterpreter.of(netcat);
        if (loader.isPresent()) {
            items.put("lib/ld.so", program(loader.get()));
            libraries(loader.get(), netcat, items);
        }
        items.putAll(scripts());
        return items;
    }

    private static Map<String, Item> scripts() throws IOException {
        Map<String, Item> items = new TreeMap<>();
        for (String tool : TOOLS) {
            items.put("usr/sbin/" + tool, script(tool, true));
        }
        items.put("usr/lib/zonda/nc", script("nc", true));
        items.put("usr/lib/zonda/first-boot", script("first-boot", true));
        items.put("usr/lib/zonda/mdata.sh", script("mdata.sh", false));
        return items;
    }

    private static Path busybox() {
        return find("busybox-static", "/bin/busybox", "/usr/bin/busybox");
    }

    private static Path netcat() {
        return find("netcat-openbsd", "/bin/nc.openbsd", "/usr/bin/nc.openbsd");
    }

    /** Ends orphans of a zone whose image has no init. */
    private static Path reaper() {
        return find("tini", "/usr/bin/tini-static", "/usr/bin/catatonit", "/usr/libexec/podman/catatonit");
    }

    /** ld.so(8) lists what it would load. */
    private static void libraries(Path loader, Path program, Map<String, Item> items) throws IOException {
        String list =
                Command.of(loader.toString(), "--list", program.toString()).check(LIMIT);
        for (String line : list.lines().toList()) {
            Matcher matcher = LIBRARY.matcher(line);
            if (matcher.matches()) {
                items.put("lib/" + matcher.group(1), program(Path.of(matcher.group(2))));
            }
        }
    }

    private static Path find(String debianPackage, String... places) {
        return Stream.of(places)
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new OpException(
                        Code.NOT_FOUND,
                        "none of " + String.join(", ", places) + " is there: install the Debian package "
                                + debianPackage));
    }

    private static Item program(Path file) throws IOException {
        return new Item(true, Files.readAllBytes(file), Optional.of(file));
    }

    private static Item script(String name, boolean executable) throws IOException {
        try (InputStream in = NativeTree.class.getResourceAsStream("native/" + name)) {
            if (in == null) {
                throw new IllegalStateException("the script " + name + " is not in this program");
            }
            return new Item(executable, in.readAllBytes(), Optional.empty());
        }
    }

    /**
     * Of each file's name, mode, size and checksum. A CRC tells one package's version from the next, and takes a hundredth
     * of a digest's time in a daemon that has just started and runs all as bytecode.
     */
    private static String hash(Map<String, Item> items) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            items.forEach((name, item) -> {
                var sum = new CRC32();
                sum.update(item.content());
                String line = name + "\0" + item.executable() + item.content().length + "\0" + sum.getValue() + "\n";
                digest.update(line.getBytes(StandardCharsets.UTF_8));
            });
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** Under another name first: a tree that is there is whole, also after a crash. */
    private static void make(Path tree, Map<String, Item> items) throws IOException {
        Path unfinished = tree.resolveSibling("." + UUID.randomUUID());
        try {
            makeDirectory(unfinished);
            makeDirectory(unfinished.resolve(".zonecontrol"));
            for (var entry : items.entrySet()) {
                write(unfinished.resolve(entry.getKey()), entry.getValue());
            }
            Files.move(unfinished, tree, StandardCopyOption.ATOMIC_MOVE);
            StateFile.syncDirectory(parent(tree));
        } finally {
            removeAll(unfinished);
        }
    }

    private static void makeDirectory(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            makeDirectory(parent(path));
            Files.createDirectory(path);
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    private static Path parent(Path path) {
        return Objects.requireNonNull(path.toAbsolutePath().getParent());
    }

    private static void write(Path file, Item item) throws IOException {
        makeDirectory(parent(file));
        try (var channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            var content = ByteBuffer.wrap(item.content());
            while (content.hasRemaining()) {
                channel.write(content);
            }
            Files.setPosixFilePermissions(
                    file, PosixFilePermissions.fromString(item.executable() ? "rwxr-xr-x" : "rw-r--r--"));
            channel.force(true);
        }
    }

    private static void removeAll(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
