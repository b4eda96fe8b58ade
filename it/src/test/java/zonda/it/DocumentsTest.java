package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What can be known of the documents without running what they say. */
class DocumentsTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(#[^)]*)?\\)");

    @Test
    void every_link_to_a_file_leads_to_one() {
        List<String> broken = new ArrayList<>();
        for (Path document : Documents.all()) {
            Matcher links = LINK.matcher(Documents.text(document));
            while (links.find()) {
                if (!Files.exists(document.resolveSibling(links.group(1)))) {
                    broken.add(document + ": " + links.group(1));
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void every_block_says_whether_it_is_run() {
        for (Path document : Documents.all()) {
            assertThat(DocumentExample.marks(Documents.text(document)))
                    .as(document.toString())
                    .isSubsetOf("console", "text", "json", "java", "sh");
        }
    }

    @Test
    void lines_are_at_most_120_long_except_in_tables_and_blocks() {
        for (Path document : Documents.all()) {
            boolean inside = false;
            for (String line : Documents.text(document).lines().toList()) {
                inside ^= line.startsWith("```");
                if (!inside && !line.startsWith("|")) {
                    assertThat(line.length()).as(document + ": " + line).isLessThanOrEqualTo(120);
                }
            }
        }
    }
}
