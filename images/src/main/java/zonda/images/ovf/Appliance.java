package zonda.images.ovf;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.images.tar.TarIndex;

/** A machine with its disks in an OVA archive, or in a descriptor with files beside it. To be closed. */
public final class Appliance implements AutoCloseable {
    private static final int LARGEST_TEXT = 4 << 20;
    private static final Pattern SUM = Pattern.compile("SHA(1|256|512)\\s*\\((.+)\\)\\s*=\\s*([0-9a-fA-F]+)\\s*");

    private final Parts parts;
    private final Ovf machine;

    private Appliance(Parts parts) throws IOException {
        this.parts = parts;
        String descriptor = named(".ovf").orElseThrow(() -> new OvfException("there is no OVF descriptor in it"));
        machine = Ovf.parse(text(descriptor));
    }

    /** Where the files are. */
    private interface Parts extends AutoCloseable {
        Set<String> names() throws IOException;

        Optional<TarIndex.Place> place(String name) throws IOException;

        InputStream open(String name) throws IOException;

        @Override
        void close() throws IOException;
    }

    private record Archive(TarIndex tar) implements Parts {
        @Override
        public Set<String> names() {
            return tar.names();
        }

        @Override
        public Optional<TarIndex.Place> place(String name) {
            return tar.place(name);
        }

        @Override
        public InputStream open(String name) throws IOException {
            return tar.open(name);
        }

        @Override
        public void close() throws IOException {
            tar.close();
        }
    }

    /** A descriptor's directory, of which only it, its list of sums, and the files that it names count. */
    private record Folder(Path descriptor) implements Parts {
        @Override
        public Set<String> names() {
            String own = String.valueOf(descriptor.getFileName());
            String sums = own.substring(0, own.length() - 4) + ".mf";
            return Stream.of(own, sums)
                    .filter(name -> Files.isRegularFile(descriptor.resolveSibling(name)))
                    .collect(Collectors.toSet());
        }

        @Override
        public Optional<TarIndex.Place> place(String name) throws IOException {
            Path file = descriptor.resolveSibling(name);
            return Files.isRegularFile(file)
                    ? Optional.of(new TarIndex.Place(file, 0, Files.size(file)))
                    : Optional.empty();
        }

        @Override
        public InputStream open(String name) throws IOException {
            return Files.newInputStream(descriptor.resolveSibling(name));
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    /** Whether a file is to be taken for one, by its name. */
    public static boolean is(Path file) {
        String name = file.toString().toLowerCase(Locale.ROOT);
        return name.endsWith(".ova") || name.endsWith(".ovf");
    }

    /**
     * Opens one, and reads its descriptor.
     *
     * @param scratch directory for what has to be decompressed
     * @throws OvfException when it is not one, or tells of what is not supported
     * @throws IOException when it can't be read, or is not a whole archive
     */
    public static Appliance open(Path file, Path scratch) throws IOException {
        boolean isFolder = file.toString().toLowerCase(Locale.ROOT).endsWith(".ovf");
        Parts parts = isFolder ? new Folder(file) : new Archive(TarIndex.open(file, scratch));
        try {
            return new Appliance(parts);
        } catch (IOException | RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    public Ovf machine() {
        return machine;
    }

    /** Where the file of a disk is. */
    public TarIndex.Place place(String name) throws IOException {
        return parts.place(name).orElseThrow(() -> new OvfException("its file " + name + " is missing"));
    }

    /**
     * Compares all files with the sums that came along, if any did. What reads them does so once more, so that this is
     * of no use against who changes them meanwhile.
     *
     * @throws OvfException naming the file that is another
     */
    public void check() throws IOException {
        Optional<String> sums = named(".mf");
        if (sums.isEmpty()) {
            return;
        }
        for (String line :
                new String(text(sums.get()), StandardCharsets.UTF_8).lines().toList()) {
            Matcher sum = SUM.matcher(line);
            if (sum.matches()) {
                String name = sum.group(2);
                place(name);
                if (!digest("SHA-" + sum.group(1), name).equalsIgnoreCase(sum.group(3))) {
                    throw new OvfException(name + " is not what " + sums.get() + " says: it was changed or damaged");
                }
            }
        }
    }

    private String digest(String algorithm, String name) throws IOException {
        try (InputStream in = parts.open(name)) {
            var digesting = new DigestInputStream(in, MessageDigest.getInstance(algorithm));
            byte[] buffer = new byte[256 * 1024];
            while (digesting.read(buffer) >= 0) {
                // Reading is all.
            }
            return HexFormat.of().formatHex(digesting.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private Optional<String> named(String suffix) throws IOException {
        List<String> found = parts.names().stream()
                .filter(name -> name.toLowerCase(Locale.ROOT).endsWith(suffix))
                .toList();
        if (found.size() > 1) {
            throw new OvfException("there are " + found.size() + " files " + suffix + " in it");
        }
        return found.stream().findFirst();
    }

    private byte[] text(String name) throws IOException {
        try (InputStream in = parts.open(name)) {
            byte[] bytes = in.readNBytes(LARGEST_TEXT + 1);
            if (bytes.length > LARGEST_TEXT) {
                throw new OvfException(name + " is larger than " + (LARGEST_TEXT >> 20) + " MiB");
            }
            return bytes;
        }
    }

    @Override
    public void close() throws IOException {
        parts.close();
    }
}
