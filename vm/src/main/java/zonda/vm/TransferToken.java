package zonda.vm;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterOutputStream;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;

/**
 * What the receiver of a VM tells of a bundle that was cut short, and {@code vmadm send -t} takes: which VM, which
 * snapshots, and what of them came. As text it is a version, a checksum, and JSON that is compressed and made letters.
 *
 * @param base the name of the snapshots that the streams are on top of
 * @param to the name of those that they end with
 * @param live whether the VM ran on while it was sent
 * @param there the identities of the snapshots that came whole
 * @param rest of the stream of the one that was cut short: as zfs(8) has it
 */
public record TransferToken(
        UUID vm, Optional<String> base, String to, boolean live, Set<Long> there, Optional<String> rest) {
    private static final String VERSION = "1";
    private static final int PARTS = 3;
    private static final int LARGEST = 1 << 20;

    /** As {@code receive_token} of vmadm(8) has it. */
    public String text() {
        byte[] packed = packed(Json.object()
                .with("vm", vm.toString())
                .with("base", base)
                .with("to", to)
                .with("live", live)
                .with(
                        "there",
                        Json.Arr.ofStrings(
                                there.stream().map(Long::toHexString).sorted().toList()))
                .with("rest", rest)
                .compact()
                .getBytes(StandardCharsets.UTF_8));
        return String.join(
                ".",
                VERSION,
                Long.toHexString(sum(packed)),
                Base64.getUrlEncoder().withoutPadding().encodeToString(packed));
    }

    /** @throws OpException USAGE when it is none */
    public static TransferToken parse(String text) {
        String[] parts = text.split("\\.", PARTS);
        if (parts.length < PARTS || !parts[0].equals(VERSION)) {
            throw none("it does not begin as one");
        }
        try {
            byte[] packed = Base64.getUrlDecoder().decode(parts[2]);
            if (!Long.toHexString(sum(packed)).equals(parts[1])) {
                throw none("its checksum is not that of what is in it");
            }
            Json.Obj said = Json.parseObject(unpacked(packed));
            return new TransferToken(
                    UUID.fromString(said.string("vm", "")),
                    said.string("base"),
                    said.string("to", ""),
                    said.bool("live", false),
                    BundleNotes.numbers(said.array("there").strings()),
                    said.string("rest"));
        } catch (IllegalArgumentException | Json.JsonSyntaxException e) {
            throw none("it is damaged");
        }
    }

    private static OpException none(String why) {
        return new OpException(
                Code.USAGE, "Invalid token: " + why + "; vmadm get of the receiving host shows it as receive_token");
    }

    private static long sum(byte[] packed) {
        var sum = new CRC32();
        sum.update(packed);
        return sum.getValue();
    }

    private static byte[] packed(byte[] text) {
        var out = new ByteArrayOutputStream();
        try (var packing = new DeflaterOutputStream(out)) {
            packing.write(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static String unpacked(byte[] packed) {
        if (packed.length > LARGEST) {
            throw none("it is too long");
        }
        var out = new ByteArrayOutputStream();
        try (var unpacking = new InflaterOutputStream(out)) {
            unpacking.write(packed);
        } catch (IOException e) {
            throw none("it is damaged");
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
