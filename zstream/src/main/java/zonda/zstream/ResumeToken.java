package zonda.zstream;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * What {@code zfs receive -s} tells of a receive that was cut short, and {@code zfs send -t} takes: which snapshot it was
 * of, and how far it came. As text it is OpenZFS' own: a version, a checksum, the length of a native list, and the list
 * itself, compressed, in hexadecimal digits.
 *
 * @param bytes of the stream that came so far
 * @param fromGuid of the snapshot that the stream is incremental to; 0 for a full one
 * @param form in which the rest of the stream can come
 */
public record ResumeToken(ResumePoint point, long bytes, long toGuid, String toName, long fromGuid, Form form) {
    private static final Pattern TEXT = Pattern.compile("(\\d+)-([0-9a-f]{1,16})-([0-9a-f]{1,8})-([0-9a-fA-F]*)");
    private static final int VERSION = 1;
    private static final int LARGEST = 1 << 16;
    private static final int LEVEL = 6;

    /** What the receiver's stream may have: blocks above 128 KiB, small blocks within pointers, compressed blocks. */
    public record Form(boolean largeBlocks, boolean embedded, boolean compressed) {
        /** What every receiver takes. */
        public static final Form PLAIN = new Form(false, false, false);
    }

    /** @throws OpException INVALID in the words of zfs(8) */
    public static ResumeToken parse(String text) {
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw corrupt("invalid format");
        }
        if (!parts.group(1).equals(String.valueOf(VERSION))) {
            throw new OpException(
                    Code.INVALID,
                    "cannot resume send: resume token is corrupt (version " + parts.group(1) + " is not supported)");
        }
        if (parts.group(4).length() % 2 != 0) {
            throw corrupt("payload is not hex-encoded");
        }
        byte[] packed = HexFormat.of().parseHex(parts.group(4));
        if (checksum(packed) != Long.parseUnsignedLong(parts.group(2), 16)) {
            throw corrupt("incorrect checksum");
        }
        long length = Long.parseLong(parts.group(3), 16);
        if (length > LARGEST) {
            throw corrupt("decompression failed");
        }
        return of(unpacked(packed, (int) length));
    }

    private static OpException corrupt(String why) {
        return new OpException(Code.INVALID, "cannot resume send: resume token is corrupt (" + why + ")");
    }

    private static ResumeToken of(byte[] list) {
        try {
            NvList values = NvNative.decode(list, list.length);
            return new ResumeToken(
                    new ResumePoint(values.requireNumber("object"), values.requireNumber("offset")),
                    values.requireNumber("bytes"),
                    values.requireNumber("toguid"),
                    values.members().get("toname") instanceof NvList.Value.Text(String words) ? words : "",
                    values.get("fromguid").isPresent() ? values.requireNumber("fromguid") : 0,
                    new Form(
                            values.get("largeblockok").isPresent(),
                            values.get("embedok").isPresent(),
                            values.get("compressok").isPresent()));
        } catch (StreamException e) {
            throw new OpException(
                    Code.INVALID, "cannot resume send: resume token is corrupt (nvlist_unpack failed)", e);
        }
    }

    /** As {@code receive_resume_token} has it. */
    public String text() {
        byte[] list = NvNative.encode(list());
        byte[] packed = packed(list);
        return VERSION + "-" + Long.toHexString(checksum(packed)) + "-" + Integer.toHexString(list.length) + "-"
                + HexFormat.of().formatHex(packed);
    }

    private NvList list() {
        NvList list = fromGuid == 0 ? NvList.EMPTY : NvList.EMPTY.with("fromguid", NvList.number(fromGuid));
        list = list.with("object", NvList.number(point.object()))
                .with("offset", NvList.number(point.offset()))
                .with("bytes", NvList.number(bytes))
                .with("toguid", NvList.number(toGuid))
                .with("toname", NvList.text(toName));
        list = form.largeBlocks() ? list.with("largeblockok", new NvList.Value.Flag()) : list;
        list = form.embedded() ? list.with("embedok", new NvList.Value.Flag()) : list;
        return form.compressed() ? list.with("compressok", new NvList.Value.Flag()) : list;
    }

    /** Its content as {@code zfs send -nvt} shows it. */
    public String described() {
        return "resume token contents:\nnvlist version: 0\n"
                + list().members().entrySet().stream()
                        .map(pair -> "\t" + pair.getKey() + " = " + described(pair) + "\n")
                        .collect(Collectors.joining());
    }

    private static String described(Map.Entry<String, NvList.Value> pair) {
        return switch (pair.getValue()) {
            case NvList.Value.Number(int _, long number) -> "0x" + Long.toHexString(number);
            case NvList.Value.Text(String words) -> words;
            default -> "1";
        };
    }

    /** The first sum of Fletcher's four over whole words; what is left over doesn't count. */
    private static long checksum(byte[] packed) {
        var sum = new Fletcher4();
        sum.add(Words.LITTLE, packed, 0, packed.length & ~3);
        return sum.sum().a();
    }

    private static byte[] packed(byte[] list) {
        try (var deflater = new Deflater(LEVEL)) {
            deflater.setInput(list);
            deflater.finish();
            var out = new ByteArrayOutputStream();
            byte[] part = new byte[1024];
            while (!deflater.finished()) {
                out.write(part, 0, deflater.deflate(part));
            }
            return out.toByteArray();
        }
    }

    private static byte[] unpacked(byte[] packed, int length) {
        try (var inflater = new Inflater()) {
            inflater.setInput(packed);
            byte[] list = new byte[length];
            if (inflater.inflate(list) != length) {
                throw corrupt("decompression failed");
            }
            return list;
        } catch (DataFormatException e) {
            throw corrupt("decompression failed");
        }
    }
}
