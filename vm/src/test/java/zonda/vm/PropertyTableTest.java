package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import zonda.vm.Property.Verb;

class PropertyTableTest {
    private final PropertyTable table = PropertyTable.load();

    @Test
    void holds_all_187_properties_of_smartos_and_five_of_our_own() {
        assertThat(table.all()).hasSize(192);
    }

    @Test
    void knows_which_verbs_take_a_property_for_which_brand() {
        Property vcpus = table.find("vcpus").orElseThrow();
        Property packageName = table.find("package_name").orElseThrow();
        Property size = table.find("disks.*.size").orElseThrow();

        assertThat(vcpus.takenBy(Verb.CREATE, Brand.KVM)).isTrue();
        assertThat(vcpus.takenBy(Verb.CREATE, Brand.LX)).isFalse();
        assertThat(packageName.takenBy(Verb.UPDATE, Brand.BHYVE)).isFalse();
        assertThat(packageName.takenBy(Verb.UPDATE, Brand.KVM)).isTrue();
        assertThat(size.takenBy(Verb.ADD, Brand.KVM)).isTrue();
        assertThat(size.takenBy(Verb.UPDATE, Brand.KVM)).isTrue();
        assertThat(size.takenBy(Verb.UPDATE, Brand.BHYVE)).isTrue();
        assertThat(table.find("zoneid")).isEmpty();
        assertThat(table.find("pid").orElseThrow().takenBy(Verb.CREATE, Brand.LX))
                .isFalse();
    }

    @Test
    void every_default_is_of_its_property_s_type() {
        assertThat(table.all())
                .filteredOn(property -> property.defaultValue().isPresent())
                .allSatisfy(property -> assertThat(
                                Values.typed(property, property.defaultValue().get()))
                        .as(property.name())
                        .isEqualTo(property.defaultValue()));
    }
}
