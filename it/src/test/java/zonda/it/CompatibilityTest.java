package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import zonda.vm.Property;
import zonda.vm.PropertyTable;

/** What the documents say of properties is what the table has. */
class CompatibilityTest {
    private static final List<Property> PROPERTIES =
            List.copyOf(PropertyTable.load().all());
    private static final Set<String> OWN = Set.of("secure_boot", "tpm", "kernel", "initrd", "cmdline");
    private static final Pattern NAME = Pattern.compile("`([a-z0-9_.*]+)`");

    @Test
    void the_properties_without_effect_are_those_of_the_table() {
        String text = Documents.text(Documents.top().resolve("docs/compatibility.md"));
        String section = text.substring(text.indexOf("<!-- properties -->"), text.indexOf("<!-- /properties -->"));
        List<String> named = section.lines()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.split("\\|")[1])
                .flatMap(cell -> NAME.matcher(cell).results().map(match -> match.group(1)))
                .toList();

        List<String> later = PROPERTIES.stream()
                .filter(property -> property.status() == Property.Status.LATER)
                .map(Property::name)
                .toList();
        assertThat(named).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(later);
    }

    @Test
    void the_readme_counts_them_right() {
        List<Property> ofSmartos = PROPERTIES.stream()
                .filter(property -> !OWN.contains(property.name()))
                .toList();
        Map<Property.Status, Long> counts =
                ofSmartos.stream().collect(Collectors.groupingBy(Property::status, Collectors.counting()));

        assertThat(Documents.text(Documents.top().resolve("README.md")))
                .contains("all " + ofSmartos.size() + " of SmartOS are known; " + counts.get(Property.Status.NOW)
                        + " have their effect, " + counts.get(Property.Status.READ_ONLY) + " are computed or ignored | "
                        + counts.get(Property.Status.LATER) + " are refused by name");
    }
}
