package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.vm.Property.Verb;

/**
 * Thousands of payloads that somebody got wrong: each is taken, or refused with words about a property of it. What is
 * taken can be kept, shown, and made into a zone's configuration.
 */
class PayloadFuzzTest {
    private static final int ROUNDS = 5_000;
    private static final UUID VM = UUID.fromString("54f1cc77-68f1-42ab-acac-5c4f64f5d6e0");
    private static final List<String> WORDS = List.of(
            "",
            " ",
            "dhcp",
            "addrconf",
            "10.0.0.1",
            "10.0.0.1/24",
            "10.0.0.1/99",
            "fd00::1/64",
            "::",
            "00:00:00:00:00:00",
            "2:8:20:1:2:3",
            "stub0",
            "admin",
            "net0",
            "../../etc",
            "/",
            "/srv",
            "lofs",
            "-1",
            "1e9",
            "9223372036854775808",
            "true",
            "01b2c898-945f-11e1-a523-af1afbe22822",
            "\u0000",
            "\n",
            "\ud83d\ude00",
            "a,b",
            "nics[0]",
            "macs[02:08:20:01:02:03]",
            "255.255.255.0",
            "%s%n",
            "x".repeat(300));

    private final PropertyTable table = PropertyTable.load();
    private final Payloads payloads = new Payloads(table);
    private final Random random;
    private final Defaults defaults;
    private final Updates updates;
    private final Rules rules = new Rules(new FakeSurroundings());
    private final ZoneXml xml = new ZoneXml(table);
    private final long seed = Long.getLong("zonda.seed", System.nanoTime());

    PayloadFuzzTest() {
        random = new Random(seed);
        defaults = new Defaults(table, random);
        updates = new Updates(defaults, new Disks(new FakeSurroundings(), new Random(1)));
    }

    @Test
    void each_payload_of_create_is_taken_or_refused() {
        int taken = 0;
        for (int round = 0; round < ROUNDS; round++) {
            Json.Obj payload = anyPayload();
            taken += created(payload) ? 1 : 0;
        }
        assertThat(taken).as("payloads that were taken, seed " + seed).isBetween(ROUNDS / 100, ROUNDS * 99 / 100);
    }

    private boolean created(Json.Obj payload) {
        var findings = new Findings();
        return isTaken(payload, () -> {
            Brand brand = Brand.find(payload.string("brand", "")).orElse(Brand.JOYENT);
            Json.Obj read = payloads.read(payload, Verb.CREATE, brand, findings);
            payloads.checkRequired(payload, read, brand, findings);
            Json.Obj complete =
                    defaults.complete(read.with("uuid", VM.toString()).with("brand", brand.word()), brand);
            var vm = new VmConfig(complete);
            rules.check(vm, findings);
            findings.throwIfFatal(false);
            return vm;
        });
    }

    @Test
    void each_payload_of_update_is_taken_or_refused() {
        Json.Obj base = Json.parseObject("""
                {"nics": [{"nic_tag": "stub0", "ips": ["10.0.0.2/24"], "mac": "02:08:20:01:02:03"}],
                 "filesystems": [{"type": "lofs", "source": "/srv", "target": "/mnt"}],
                 "tags": {"a": 1}, "image_uuid": "01b2c898-945f-11e1-a523-af1afbe22822"}
                """);
        var vm =
                new VmConfig(defaults.complete(base.with("uuid", VM.toString()).with("brand", "joyent"), Brand.JOYENT));
        for (int round = 0; round < ROUNDS; round++) {
            Json.Obj payload = anyPayload();
            isTaken(payload, () -> {
                var findings = new Findings();
                Json.Obj read = payloads.read(payload, Verb.UPDATE, Brand.JOYENT, findings);
                VmConfig after = updates.apply(vm, read, findings);
                rules.check(after, findings);
                findings.throwIfFatal(false);
                return after;
            });
        }
    }

    /** What is taken can be written and read, and the runtime understands its limits and network. */
    private boolean isTaken(Json.Obj payload, Supplier<VmConfig> read) {
        try {
            VmConfig vm = read.get();
            vm.limits();
            vm.nics().forEach(Nics::shown);
            ZoneSpecs.network(VmRecord.fresh(vm, new zonda.zones.IdRange(65536), VmRecord.Life.INSTALLED));
            XmlElement zone = xml.write(vm.properties(), java.nio.file.Path.of("/zones"));
            assertThat(xml.read(XmlElement.parse(zone.text()), VM)).isEqualTo(vm.properties());
            return true;
        } catch (OpException e) {
            assertThat(String.valueOf(e.getMessage()))
                    .as("seed " + seed)
                    .isNotBlank()
                    .doesNotContain("Exception");
            return false;
        } catch (RuntimeException e) {
            throw new AssertionError("seed " + seed + ": " + payload.compact(), e);
        }
    }

    private Json.Obj anyPayload() {
        Map<String, Json> payload = new LinkedHashMap<>();
        payload.put("brand", Json.of(random.nextInt(20) == 0 ? anyWord() : "joyent"));
        payload.put("image_uuid", Json.of("01b2c898-945f-11e1-a523-af1afbe22822"));
        List<Property> all = List.copyOf(table.all());
        for (int i = random.nextInt(4); i > 0; i--) {
            Property property = all.get(random.nextInt(all.size()));
            String name = random.nextInt(20) == 0 ? property.name() + "x" : property.name();
            payload.put(property.array().orElse(name), likely(property));
        }
        return new Json.Obj(payload);
    }

    /** Mostly of the type that is wanted. */
    private Json likely(Property property) {
        if (random.nextInt(5) == 0) {
            return anything(2);
        }
        return switch (property.type()) {
            case INTEGER -> Json.of(random.nextInt(4) == 0 ? random.nextLong() : random.nextInt(2000));
            case BOOLEAN -> Json.of(random.nextBoolean());
            case LIST -> list();
            case FLAT_OBJECT -> Json.object().with(anyWord(), anything(0));
            case OBJECT_ARRAY -> new Json.Arr(List.of(member(property)));
            case STRING, UUID, ZPOOL, READ_ONLY ->
                property.array().isPresent() ? new Json.Arr(List.of(member(property))) : Json.of(anyWord());
        };
    }

    private Json member(Property property) {
        String array = property.array()
                .orElse(property.check().startsWith("as:") ? property.check().substring(3) : property.name());
        Json.Obj member = Json.object();
        for (String name : table.members(array)) {
            if (random.nextInt(3) == 0) {
                member = member.with(name, random.nextInt(4) == 0 ? anything(1) : Json.of(anyWord()));
            }
        }
        return array.equals("nics") && random.nextBoolean() ? member.with("nic_tag", "stub0") : member;
    }

    private Json.Arr list() {
        List<Json> items = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            items.add(Json.of(anyWord()));
        }
        return new Json.Arr(items);
    }

    private Json anything(int depth) {
        return switch (random.nextInt(depth == 0 ? 4 : 6)) {
            case 0 -> Json.of(random.nextLong());
            case 1 -> Json.of(random.nextBoolean());
            case 2 -> Json.of(anyWord());
            case 3 -> new Json.Null();
            case 4 -> new Json.Arr(List.of(anything(depth - 1), anything(depth - 1)));
            default -> Json.object().with(anyWord(), anything(depth - 1));
        };
    }

    private String anyWord() {
        return WORDS.get(random.nextInt(WORDS.size()));
    }
}
