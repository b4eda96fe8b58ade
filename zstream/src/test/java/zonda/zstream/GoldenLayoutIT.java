package zonda.zstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the writer makes of OpenZFS' own values is, to the byte, what OpenZFS made of them. */
class GoldenLayoutIT {
    @TempDir
    Path directory;

    private final ObjectTable table = new ObjectTable(1L << 32);

    @BeforeEach
    void read() throws IOException {
        try (var stream = SendStream.open(new ByteArrayInputStream(Golden.read("fs.zs", directory)))) {
            stream.next();
            new ObjectIntake(stream, table, StreamTurner.NOWHERE).run(ObjectIntake.Journal.NONE);
        }
    }

    @Test
    void attributes_are_laid_out_as_openzfs_lays_them_out() {
        AttributeSchema schema = TreePlan.schema(table).orElseThrow();
        int inline = 0;
        int spilled = 0;
        for (StoredObject object : table.all()) {
            if (object.bonusType() != StoredObject.SA) {
                continue;
            }
            AttributeWriter.Laid laid =
                    new AttributeWriter(schema, Words.LITTLE).lay(object.id(), schema.values(object));
            byte[] padded = Arrays.copyOf(object.bonus(), laid.bonus().length);
            assertThat(object.bonus().length + 7 & ~7).isEqualTo(laid.bonus().length);
            assertThat(laid.spill()).as("spill of " + object.id()).isEqualTo(object.spill());
            if (object.spill().length == 0) {
                assertThat(laid.bonus()).as("bonus of " + object.id()).isEqualTo(padded);
                inline++;
            } else {
                spilled++;
            }
        }
        assertThat(inline).isGreaterThan(3000);
        assertThat(spilled).isEqualTo(3);
    }

    @Test
    void packed_attributes_are_encoded_as_libnvpair_encodes_them() {
        AttributeSchema schema = TreePlan.schema(table).orElseThrow();
        int compared = 0;
        for (StoredObject object : table.all()) {
            if (object.bonusType() == StoredObject.SA) {
                byte[] packed = schema.values(object).get(Attribute.DXATTR.registered());
                if (packed != null) {
                    assertThat(NvList.decode(packed).encode()).isEqualTo(packed);
                    compared++;
                }
            }
        }
        assertThat(compared).isPositive();
    }

    /** ZFS finds a name by its hash: ours must be the one that it stored. */
    @Test
    void names_have_the_hashes_that_openzfs_gave_them() {
        Map<String, Long> largest = new LinkedHashMap<>();
        byte[] header = new byte[0];
        for (StoredObject object : table.all()) {
            if (object.type() == StoredObject.DIRECTORY && object.blocks().size() > 2) {
                largest.putAll(Zap.numbers(object));
                header = object.blocks().get(0L);
                for (byte[] leaf : object.blocks().values()) {
                    check(leaf, Words.LITTLE.i64(header, 80));
                }
            }
        }
        assertThat(largest).hasSizeGreaterThanOrEqualTo(3000);
    }

    private static void check(byte[] leaf, long salt) {
        if (Words.LITTLE.i64(leaf, 0) != Zap.LEAF || Words.LITTLE.i32(leaf, 24) != Zap.LEAF_MAGIC) {
            return;
        }
        int base = Zap.LEAF_HEADER + leaf.length / 32 * 2;
        for (int at = base; at + Zap.CHUNK <= leaf.length; at += Zap.CHUNK) {
            if (Words.u8(leaf, at) == Zap.CHUNK_ENTRY) {
                byte[] name = new byte[Words.LITTLE.u16(leaf, at + 6) - 1];
                int chunk = Words.LITTLE.u16(leaf, at + 4);
                for (int done = 0; done < name.length; done += Zap.ARRAY_BYTES) {
                    int from = base + chunk * Zap.CHUNK;
                    System.arraycopy(leaf, from + 1, name, done, Math.min(Zap.ARRAY_BYTES, name.length - done));
                    chunk = Words.LITTLE.u16(leaf, from + 22);
                }
                assertThat(ZapWriter.hash(name, salt)).isEqualTo(Words.LITTLE.i64(leaf, at + 16));
            }
        }
    }
}
