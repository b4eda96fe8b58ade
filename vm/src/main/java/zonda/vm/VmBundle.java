package zonda.vm;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;

/**
 * The stream of {@code vmadm send}: chunks, each after a header of 512 bytes that holds the fields magic, version,
 * checksum, name, size and padded size, each ended by a zero byte. The first chunk is the VM as JSON; one for each
 * dataset follows, whose size is given as 0 and whose content is a ZFS send stream. The checksum of the JSON is its
 * SHA-256 here; SmartOS has a word in its place, which is not looked at.
 *
 * <p>What {@code vmadm export} writes ends with one more header, named SHA256, with the sum of all before it.
 */
public final class VmBundle {
    static final int BLOCK = 512;
    private static final String MAGIC = "MAGIC-VMBUNDLE";
    private static final String VERSION = "1";
    private static final String JSON = "JSON";
    private static final String END = "SHA256";
    private static final int FIELDS = 6;
    private static final int PIECE = 64 << 10;
    private static final int LONGEST_JSON = 16 << 20;

    private VmBundle() {}

    static void writeVm(OutputStream out, Json.Obj vm) throws IOException {
        byte[] text = vm.compact().getBytes(StandardCharsets.UTF_8);
        int padded = (text.length + BLOCK - 1) / BLOCK * BLOCK;
        out.write(header(sha256(text), JSON, text.length, padded));
        out.write(Arrays.copyOf(text, padded));
    }

    /** The dataset's stream has to follow. */
    static void writeDataset(OutputStream out, String dataset) throws IOException {
        out.write(header("-", dataset, 0, 0));
    }

    /** The last chunk. @param sum of all that was written before */
    static void writeEnd(OutputStream out, byte[] sum) throws IOException {
        out.write(header(HexFormat.of().formatHex(sum), END, 0, 0));
    }

    private static byte[] header(String checksum, String name, long size, long padded) {
        String fields =
                String.join("\0", MAGIC, VERSION, checksum, name, String.valueOf(size), String.valueOf(padded) + "\0");
        return Arrays.copyOf(fields.getBytes(StandardCharsets.UTF_8), BLOCK);
    }

    private static String sha256(byte[] data) {
        return HexFormat.of().formatHex(digest().digest(data));
    }

    static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A chunk's header. */
    record Header(String checksum, String name, long size, long padded) {
        boolean isEnd() {
            return name.equals(END);
        }

        /** @throws OpException INVALID when it isn't the sum that this last chunk says */
        void requireSum(byte[] sum) {
            if (!checksum.equals(HexFormat.of().formatHex(sum))) {
                throw damaged("its checksum is not that of what is in it");
            }
        }
    }

    /**
     * Reads a file that {@code vmadm export} wrote, to its end.
     *
     * @throws OpException INVALID when it isn't one, or not as it was written
     */
    public static void verify(InputStream in) throws IOException {
        MessageDigest sum = digest();
        byte[] piece = new byte[PIECE];
        byte[] last = in.readNBytes(BLOCK);
        int length = in.readNBytes(piece, 0, PIECE);
        while (length > 0) {
            // The last block may be the end: it is summed up when there is one after it.
            byte[] both = Arrays.copyOf(last, last.length + length);
            System.arraycopy(piece, 0, both, last.length, length);
            sum.update(both, 0, length);
            last = Arrays.copyOfRange(both, length, both.length);
            length = in.readNBytes(piece, 0, PIECE);
        }
        boolean ends = last.length == BLOCK && new String(last, StandardCharsets.UTF_8).startsWith(MAGIC);
        if (!ends || !header(last).isEnd()) {
            throw damaged("it does not end as an export does: it was cut off, or vmadm export did not write it");
        }
        header(last).requireSum(sum.digest());
    }

    /**
     * The VM at the stream's beginning. What isn't a bundle and begins with {@code {} is taken as a VM's JSON alone.
     *
     * @throws OpException INVALID saying what is wrong with the stream
     */
    static Json.Obj readVm(InputStream in) throws IOException {
        byte[] block = in.readNBytes(BLOCK);
        if (block.length > 0 && !new String(block, StandardCharsets.UTF_8).startsWith(MAGIC)) {
            return plain(block, in);
        }
        Header header = header(block);
        if (!header.name().equals(JSON) || header.size() > LONGEST_JSON || header.padded() < header.size()) {
            throw damaged("it does not begin with a VM");
        }
        byte[] text = in.readNBytes((int) header.size());
        if (header.padded() - header.size() >= BLOCK) {
            throw damaged("it does not begin with a VM");
        }
        // Read, not skipped: who sums up what is read has to see it.
        in.readNBytes((int) (header.padded() - header.size()));
        boolean checked = header.checksum().matches("[0-9a-f]{64}");
        if (text.length < header.size() || (checked && !header.checksum().equals(sha256(text)))) {
            throw damaged("the VM's properties are not as they were sent");
        }
        return parse(text);
    }

    private static Json.Obj plain(byte[] begin, InputStream in) throws IOException {
        var all = new ByteArrayOutputStream();
        all.write(begin);
        all.write(in.readNBytes(LONGEST_JSON));
        String text = all.toString(StandardCharsets.UTF_8);
        if (!text.stripLeading().startsWith("{")) {
            throw damaged("it is neither a bundle nor JSON");
        }
        return parse(all.toByteArray());
    }

    private static Json.Obj parse(byte[] text) {
        try {
            return Json.parseObject(new String(text, StandardCharsets.UTF_8));
        } catch (Json.JsonSyntaxException e) {
            throw damaged("the VM's properties are not JSON: " + e.getMessage());
        }
    }

    /** The next chunk's header; empty at the stream's end. @throws OpException INVALID */
    static Optional<Header> next(InputStream in) throws IOException {
        byte[] block = in.readNBytes(BLOCK);
        return block.length == 0 ? Optional.empty() : Optional.of(header(block));
    }

    private static Header header(byte[] block) {
        if (block.length == 0) {
            throw damaged("it is empty");
        }
        String[] fields = new String(block, StandardCharsets.UTF_8).split("\0", FIELDS + 1);
        if (block.length < BLOCK || fields.length < FIELDS || !fields[0].equals(MAGIC)) {
            throw damaged("a chunk has no header");
        }
        if (!fields[1].equals(VERSION)) {
            throw damaged("its version is " + fields[1] + ", and only " + VERSION + " is known");
        }
        try {
            return new Header(fields[2], fields[3], Long.parseLong(fields[4]), Long.parseLong(fields[5]));
        } catch (NumberFormatException e) {
            throw damaged("a chunk's size is not a number");
        }
    }

    private static OpException damaged(String why) {
        return new OpException(Code.INVALID, "Invalid bundle: " + why);
    }

    static OpException cutOff(EOFException e) {
        return new OpException(Code.INVALID, "Invalid bundle: it ends early", e);
    }
}
