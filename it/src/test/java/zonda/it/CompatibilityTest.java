package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import zonda.vm.Property;
import zonda.vm.PropertyTable;

/** docs/compatibility.md names the properties without effect: all of them, and no others. */
class CompatibilityTest {
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

        List<String> later = PropertyTable.load().all().stream()
                .filter(property -> property.status() == Property.Status.LATER)
                .map(Property::name)
                .toList();
        assertThat(named).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(later);
    }
}
