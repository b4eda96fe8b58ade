package zonda.vm;

import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;
import zonda.base.Json;
import zonda.vm.Property.Verb;

/** Reads payloads of create and update: names, types, defaults, and the rules between properties. */
final class PayloadChecks {
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Payloads payloads;
    private final Defaults defaults;
    private final Rules rules;
    private final Disks disks;
    private final ImageWishes wishes;

    PayloadChecks(PropertyTable table, Surroundings host, InstantSource clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
        this.payloads = new Payloads(table);
        this.defaults = new Defaults(table, random);
        this.rules = new Rules(host);
        this.disks = new Disks(host, random);
        this.wishes = new ImageWishes(host);
    }

    Vms.Checked create(Json.Obj raw) {
        var findings = new Findings();
        String word = raw.string("brand", Brand.JOYENT.word());
        Optional<Brand> brand = Brand.find(word);
        if (brand.isEmpty()) {
            findings.badBrand(word);
            return new Vms.Checked(raw, Brand.JOYENT, findings);
        }
        Json.Obj given = raw.has("brand") ? raw : raw.with("brand", word);
        Json.Obj read = PciDevices.settled(payloads.read(given, Verb.CREATE, brand.get(), findings));
        payloads.checkRequired(given, read, brand.get(), findings);
        UUID uuid = read.string("uuid").map(UUID::fromString).orElseGet(() -> Values.randomUuid(random));
        Json.Obj complete = defaults.complete(read.with("uuid", uuid.toString()), brand.get())
                .with("create_timestamp", now());
        complete = disks.complete(new VmConfig(Delegation.named(complete)), findings);
        complete = wishes.complete(new VmConfig(complete), findings);
        var vm = new VmConfig(complete);
        rules.check(vm, findings);
        rules.imageProblem(vm).ifPresent(problem -> findings.badValue(Rules.imageProperty(vm), problem));
        rules.warn(read, Optional.of(vm.zpool()), findings);
        return new Vms.Checked(complete, brand.get(), findings);
    }

    /** What a payload of create says, typed, and nothing that it doesn't. */
    Json.Obj readForCreate(Json.Obj raw, Brand brand, Findings findings) {
        return payloads.read(raw, Verb.CREATE, brand, findings);
    }

    /** What {@code vmadm get} showed on another host. @throws zonda.base.OpException INVALID */
    Vms.Checked receive(Json.Obj shown) {
        var findings = new Findings();
        Optional<Brand> brand = Brand.find(shown.string("brand", ""));
        if (brand.isEmpty()) {
            findings.badBrand(shown.string("brand", ""));
            return new Vms.Checked(shown, Brand.JOYENT, findings);
        }
        if (shown.string("uuid").filter(Values::isUuid).isEmpty()) {
            findings.missing("uuid");
            return new Vms.Checked(shown, brand.get(), findings);
        }
        Json.Obj read = payloads.read(shown, Verb.RECEIVE, brand.get(), new Findings())
                .withAll(PciDevices.settled(payloads.read(shown, Verb.CREATE, brand.get(), findings)));
        read = PciDevices.withoutForeign(read);
        Json.Obj complete = Delegation.named(defaults.complete(read, brand.get()));
        complete = complete.has("create_timestamp") ? complete : complete.with("create_timestamp", now());
        complete = disks.received(new VmConfig(complete), findings);
        rules.check(new VmConfig(complete), findings);
        return new Vms.Checked(complete, brand.get(), findings);
    }

    private String now() {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        return DateTimeFormatter.ISO_INSTANT.format(now);
    }

    /** @param pool of the VM */
    Vms.Checked update(Json.Obj raw, Brand brand, String pool) {
        var findings = new Findings();
        Json.Obj read = payloads.read(raw, Verb.UPDATE, brand, findings);
        if (brand.isHvm()) {
            disks.sources("add_disks", read.array("add_disks").objects(), pool, findings);
        }
        rules.warn(read, Optional.empty(), findings);
        return new Vms.Checked(read, brand, findings);
    }
}
