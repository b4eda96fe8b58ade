package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourcesTest {
    @TempDir
    Path directory;

    private final List<Source> pinged = new ArrayList<>();

    private Sources sources() {
        return new Sources(new ImgadmPaths(directory), pinged::add);
    }

    private static Source source(String url, Source.Type type) {
        return new Source(url, type, false);
    }

    @Test
    void the_texts_are_those_that_scripts_match() {
        Sources sources = sources();
        Source one = source("https://images.example.com/", Source.Type.IMGAPI);

        assertThat(sources.add(one, false)).isEqualTo("Added \"imgapi\" image source \"https://images.example.com\"");
        assertThat(sources.add(one, false))
                .isEqualTo("Already have \"imgapi\" image source \"https://images.example.com\", no change");
        assertThat(sources.add(Sources.DOCKER_HUB, true))
                .isEqualTo("Added \"docker\" image source \"https://docker.io\"");
        assertThat(sources.list()).containsExactly(Sources.DEFAULT, one, Sources.DOCKER_HUB);
        assertThat(sources.delete("https://images.example.com"))
                .isEqualTo("Deleted \"imgapi\" image source \"https://images.example.com\"");
        assertThat(sources.delete("https://images.example.com"))
                .isEqualTo("Do not have image source \"https://images.example.com\", no change");
        assertThat(pinged).containsExactly(one);
    }

    @Test
    void they_are_kept_in_imgadm_conf_beside_what_else_is_there() throws Exception {
        Files.createDirectories(directory.resolve("var/imgadm"));
        Files.writeString(directory.resolve("var/imgadm/imgadm.conf"), "{\"upgradedToVer\":\"3.0.0\",\"sources\":[]}");

        sources().add(source("http://u:secret@127.0.0.1:5000", Source.Type.DOCKER), true);

        assertThat(directory.resolve("var/imgadm/imgadm.conf")).hasContent("""
                {
                  "upgradedToVer": "3.0.0",
                  "sources": [
                    {
                      "url": "http://u:secret@127.0.0.1:5000",
                      "type": "docker"
                    }
                  ]
                }
                """);
        assertThat(sources().list().getFirst().shown()).isEqualTo("http://u:***@127.0.0.1:5000");
        assertThat(sources().delete("http://u:***@127.0.0.1:5000")).startsWith("Deleted");
        assertThat(sources().list()).isEmpty();
    }

    @Test
    void a_source_that_does_not_answer_is_not_added() {
        var sources = new Sources(new ImgadmPaths(directory), source -> {
            throw new ImageException(ImageError.SOURCE_PING, "no answer");
        });

        assertThatThrownBy(() -> sources.add(source("https://x.example.com", Source.Type.IMGAPI), false))
                .hasMessage("no answer");
        assertThat(sources.list()).containsExactly(Sources.DEFAULT);
        assertThat(sources.check()).containsExactly("https://images.smartos.org: no answer");
    }

    @Test
    void what_is_not_a_url_is_refused() {
        assertThatThrownBy(() -> source("images.example.com", Source.Type.IMGAPI))
                .hasMessageContaining("URL");
        assertThatThrownBy(() -> Source.Type.parse("ftp")).hasMessageContaining("imgapi, docker or dsapi");
    }

    @Test
    void what_an_operator_edited_replaces_them_or_is_refused_whole() throws Exception {
        Sources sources = sources();
        Path draft = sources.draft();
        assertThat(sources.edited(Files.readString(draft), false)).isEqualTo("Image sources are unchanged");
        assertThat(Files.getPosixFilePermissions(draft)).hasSize(2);
        assertThat(sources.edited(
                        "[{\"url\":\"https://a.example\"},{\"url\":\"https://b.example\",\"type\":\"docker\"}]", false))
                .isEqualTo("Saved 2 image sources");
        List<Source> two = List.of(
                source("https://a.example", Source.Type.IMGAPI), source("https://b.example", Source.Type.DOCKER));
        assertThat(sources.list()).isEqualTo(two);
        assertThat(pinged).isEqualTo(two);
        for (String wrong : List.of(
                "",
                "{}",
                "[1]",
                "[{\"url\":\"ftp://x\"}]",
                "[{\"url\":\"https://a.example\",\"type\":\"rsync\"}]",
                "[{\"url\":\"https://a.example\"},{\"url\":\"https://a.example/\"}]")) {
            assertThatThrownBy(() -> sources.edited(wrong, true))
                    .as(wrong)
                    .isInstanceOfSatisfying(
                            ImageException.class, e -> assertThat(e.error()).isEqualTo(ImageError.CONFIG_ERROR))
                    .hasMessageStartingWith("sources: ")
                    .hasMessageEndingWith("they are as they were");
        }
        assertThat(sources.list()).isEqualTo(two);
        assertThat(sources.edited("[]", true)).isEqualTo("Saved 0 image sources");
        assertThat(sources.list()).isEmpty();
    }
}
