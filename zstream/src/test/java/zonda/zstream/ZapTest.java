package zonda.zstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ZapTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 2047, 2048, 30_000})
    void names_and_numbers_come_back_in_both_byte_orders(int count) {
        var random = new Random(count);
        Map<String, Long> members = new HashMap<>();
        for (int i = 0; i < count; i++) {
            members.put("name" + i, random.nextLong());
        }

        StoredObject object = object(ZapWriter.numbers(members, random.nextLong()));

        assertThat(Zap.numbers(object)).isEqualTo(members);
        assertThat(object.blocks().size() > 1).isEqualTo(count > 2047);
        object.blocks().values().forEach(block -> Zap.swap(block, Words.LITTLE));
        assertThat(Words.BIG.i64(object.blocks().get(0L), 0)).isEqualTo(count > 2047 ? Zap.HEADER : Zap.MICRO);
        object.blocks().values().forEach(block -> Zap.swap(block, Words.BIG));
        assertThat(Zap.numbers(object)).isEqualTo(members);
    }

    @Test
    void long_names_need_the_fat_form() {
        Map<String, Long> members = Map.of("x".repeat(50), 1L, "y".repeat(255), 2L, "z", 3L);

        StoredObject object = object(ZapWriter.numbers(members, 5));

        assertThat(object.blockSize()).isEqualTo(ZapWriter.BLOCK);
        assertThat(Zap.numbers(object)).isEqualTo(members);
    }

    @Test
    void lists_of_numbers_come_back() {
        StoredObject object = object(ZapWriter.lists(Map.of("2", new int[] {5, 6, 65535}, "3", new int[] {1}), 9));

        assertThat(Zap.entries(object))
                .anySatisfy(entry -> {
                    assertThat(entry.name()).isEqualTo("2");
                    assertThat(entry.value()).containsExactly(0, 5, 0, 6, 0xff, 0xff);
                })
                .hasSize(2);
    }

    /** Each leaf is found by the highest bits of its entries' hashes: as ZFS looks names up. */
    @Test
    void every_pointer_leads_to_the_leaf_of_its_prefix() {
        Map<String, Long> members = new HashMap<>();
        for (int i = 0; i < 5000; i++) {
            members.put("some name that takes chunks " + i, (long) i);
        }
        List<byte[]> blocks = ZapWriter.numbers(members, 77).blocks();
        byte[] header = blocks.getFirst();
        int shift = (int) Words.LITTLE.i64(header, 32);
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < 1 << shift; i++) {
            long block = Words.LITTLE.i64(header, header.length / 2 + 8 * i);
            byte[] leaf = blocks.get((int) block);
            int bits = Words.LITTLE.u16(leaf, 32);
            assertThat(Words.LITTLE.i64(leaf, 16)).as("prefix").isEqualTo(i >>> shift - bits);
            seen.add(block);
        }
        assertThat(seen).hasSize(blocks.size() - 1);
        assertThat(Words.LITTLE.i64(header, 72)).isEqualTo(5000);
    }

    @Test
    void damaged_ones_are_refused_and_loop_nowhere() {
        Map<String, Long> members = new HashMap<>();
        for (int i = 0; i < 300; i++) {
            members.put("a name of more than fifty bytes, which makes it a fat one " + i, (long) i);
        }
        ZapWriter.Content good = ZapWriter.numbers(members, 3);
        var random = new Random(4);
        int refused = 0;
        for (int i = 0; i < 3000; i++) {
            StoredObject object = object(good);
            object.blocks().replaceAll((_, block) -> block.clone());
            byte[] block =
                    object.blocks().get((long) random.nextInt(good.blocks().size()) * good.blockSize());
            for (int n = 0; n < 4; n++) {
                int at = random.nextInt(3) == 0 ? random.nextInt(128) : random.nextInt(block.length);
                block[at] = (byte) random.nextInt();
            }
            try {
                Zap.numbers(object);
            } catch (StreamException e) {
                assertThat(e.getMessage()).startsWith("ZFS stream, object 9: ");
                refused++;
            }
        }
        assertThat(refused).isPositive();
    }

    @Test
    void a_pointer_table_that_claims_to_be_huge_takes_no_memory() {
        StoredObject object = object(ZapWriter.lists(Map.of("2", new int[] {5}), 9));
        Words.LITTLE.put64(object.blocks().get(0L), 24, Long.MAX_VALUE);
        Words.LITTLE.put64(object.blocks().get(0L), 32, 60);

        assertThatThrownBy(() -> Zap.entries(object)).hasMessageContaining("its pointer table of 2^60 entries");
    }

    private static StoredObject object(ZapWriter.Content content) {
        var dnode = new StreamRecord.Dnode(9, StoredObject.DIRECTORY, 0, content.blockSize(), 0, 1, 0);
        var object = new StoredObject(9, dnode, new byte[0]);
        object.content(content.blocks());
        return object;
    }
}
