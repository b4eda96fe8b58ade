package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;
import zonda.base.Json;

class ImageTableTest {
    private static ListedImage image(String number, String name, String more) {
        Json.Obj json = Json.object()
                .with("v", 2)
                .with("uuid", number.repeat(8) + "-0000-4000-8000-000000000000")
                .with("name", name)
                .with("version", "1.0." + number)
                .with("type", "lx-dataset")
                .with("os", "linux")
                .withAll(Json.parseObject(more));
        return new ListedImage(
                Manifest.of(json), Optional.of("zones"), Optional.empty(), List.of("a"), Optional.of(Bytes.ofMiB(3)));
    }

    private static final List<ListedImage> IMAGES = List.of(
            image("1", "debian-12", "{\"published_at\":\"2024-05-01T10:00:00.5Z\",\"public\":true}"),
            image("2", "alpine", "{\"published_at\":\"2023-01-01T00:00:00Z\",\"public\":false}"),
            image("3", "mine", "{}"),
            image("4", "docker-layer", """
                    {"type":"docker","published_at":"2025-01-02T03:04:05Z","tags":{"docker:repo":"busybox",
                     "docker:id":"sha256:abcdefabcdefabcdefabcdef","docker:tag:latest":true,"docker:tag:1.36":true}}"""));

    private static List<String> lines(List<String> columns, List<String> sort, String... filters) {
        var shown = IMAGES.stream().filter(ImageTable.filter(List.of(filters))).toList();
        return new ImageTable(columns, sort, false).lines(shown);
    }

    @Test
    void the_table_is_as_imgadm_prints_it() {
        var table = new ImageTable(ImageTable.COLUMNS, ImageTable.SORT, true);

        assertThat(table.lines(IMAGES))
                .containsExactly(
                        "UUID                                  NAME          VERSION  OS     TYPE        PUB",
                        "33333333-0000-4000-8000-000000000000  mine          1.0.3    linux  lx-dataset  -",
                        "22222222-0000-4000-8000-000000000000  alpine        1.0.2    linux  lx-dataset  2023-01-01",
                        "11111111-0000-4000-8000-000000000000  debian-12     1.0.1    linux  lx-dataset  2024-05-01",
                        "44444444-0000-4000-8000-000000000000  docker-layer  1.0.4    linux  docker      2025-01-02");
    }

    @Test
    void other_columns_and_orders_can_be_asked_for() {
        assertThat(lines(List.of("name", "published", "clones", "size", "zpool"), List.of("-name"), "type=lx-dataset"))
                .containsExactly(
                        "mine       -                     1  3.0 MiB  zones",
                        "debian-12  2024-05-01T10:00:00Z  1  3.0 MiB  zones",
                        "alpine     2023-01-01T00:00:00Z  1  3.0 MiB  zones");
        assertThat(lines(ImageTable.DOCKER_COLUMNS, List.of(), "type=docker"))
                .containsExactly(
                        "44444444-0000-4000-8000-000000000000  busybox  latest,1.36  abcdefabcdef  2025-01-02");
    }

    @Test
    void filters_compare_whole_values_parts_and_flags() {
        List<String> name = List.of("name");
        assertThat(lines(name, name, "name=alpine")).containsExactly("alpine");
        assertThat(lines(name, name, "name=~ine")).containsExactly("alpine", "mine");
        assertThat(lines(name, name, "public=true")).containsExactly("debian-12");
        assertThat(lines(name, name, "public=false")).containsExactly("alpine", "docker-layer", "mine");
        assertThat(lines(name, name, "pub=~2024")).containsExactly("debian-12");
        assertThat(lines(name, name, "docker_tags=1.36")).containsExactly("docker-layer");
        assertThat(lines(name, name, "docker_repo=busybox")).containsExactly("docker-layer");
        assertThat(lines(name, name, "docker_id=sha256:abcdefabcdefabcdefabcdef"))
                .containsExactly("docker-layer");
        assertThat(lines(name, name, "published_date=2023-01-01")).containsExactly("alpine");
        assertThat(lines(name, name, "published=2023-01-01T00:00:00Z")).containsExactly("alpine");
        assertThat(lines(name, name, "published_at=2024-05-01T10:00:00.5Z")).containsExactly("debian-12");
        assertThat(lines(name, name, "size=3145728", "zpool=zones")).hasSize(4);
        assertThat(lines(name, name, "source=https://images.smartos.org")).isEmpty();
        assertThat(lines(name, name, "type=lx-dataset", "name=~debian")).containsExactly("debian-12");
        assertThat(lines(name, name, "clones=1")).hasSize(4);
        assertThat(lines(name, name, "name=nothing")).isEmpty();
    }

    @Test
    void fields_that_are_not_there_are_a_usage_error() {
        assertThatThrownBy(() -> new ImageTable(List.of("colour"), List.of(), true))
                .hasMessage("unknown field: \"colour\"")
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.code().exitStatus()).isEqualTo(2));
        assertThatThrownBy(() -> new ImageTable(List.of("name"), List.of("-colour"), true))
                .hasMessageContaining("colour");
        assertThatThrownBy(() -> ImageTable.filter(List.of("name"))).hasMessageContaining("FIELD=VALUE");
    }

    @Test
    void json_has_manifest_pool_clones_and_size() {
        assertThat(IMAGES.get(2).json().compact())
                .isEqualTo("{\"manifest\":{\"v\":2,\"uuid\":\"33333333-0000-4000-8000-000000000000\",\"name\":\"mine\","
                        + "\"version\":\"1.0.3\",\"type\":\"lx-dataset\",\"os\":\"linux\"},\"zpool\":\"zones\","
                        + "\"source\":null,\"clones\":1,\"size\":3145728}");
    }
}
