package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is known of a kernel without trying again. */
class KernelFeaturesTest {
    @TempDir
    private Path directory;

    private KernelFeatures ofBoot(String boot) {
        return new KernelFeatures(Optional.of(directory.resolve("features")), boot);
    }

    @Test
    void what_was_found_is_known_to_all_daemons_of_this_boot_and_to_none_of_the_next() {
        KernelFeatures first = ofBoot("one\n");
        assertThat(first.attachesTogether()).isEmpty();

        first.attachesTogether(false);

        assertThat(first.attachesTogether()).contains(false);
        assertThat(ofBoot("one\n").attachesTogether()).contains(false);
        assertThat(ofBoot("two\n").attachesTogether()).isEmpty();
    }

    @Test
    void a_file_that_says_nonsense_is_as_if_it_were_not_there() throws java.io.IOException {
        java.nio.file.Files.writeString(directory.resolve("features"), "one\nnonsense\n\nkprobe-multi yes indeed\n");

        assertThat(ofBoot("one").attachesTogether()).isEmpty();
    }
}
