package zonda.images.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.base.Json;

class ReferenceTest {
    private static final String DIGEST = "sha256:" + "0123456789abcdef".repeat(4);

    @ParameterizedTest
    @CsvSource({
        "busybox,                        docker.io,      library/busybox, latest",
        "busybox:1.36,                   docker.io,      library/busybox, 1.36",
        "nginx/unit:1,                   docker.io,      nginx/unit,      1",
        "docker.io/busybox,              docker.io,      library/busybox, latest",
        "index.docker.io/a/b,            docker.io,      a/b,             latest",
        "localhost/x,                    localhost,      x,               latest",
        "localhost:5000/x/y:z,           localhost:5000, x/y,             z",
        "127.0.0.1:5000/a,               127.0.0.1:5000, a,               latest",
        "[::1]:5000/a,                   [::1]:5000,     a,               latest",
        "ghcr.io/Org_x/y,                ,               ,                ",
        "registry.example.com/a/b/c:V1,  registry.example.com, a/b/c,     V1",
    })
    void names_are_taken_apart_as_docker_does(String text, String host, String repository, String tag)
            throws Exception {
        if (host == null) {
            assertThatThrownBy(() -> Reference.parse(text)).isInstanceOf(OciException.class);
            return;
        }
        Reference reference = Reference.parse(text);

        assertThat(reference.host()).isEqualTo(host);
        assertThat(reference.repository()).isEqualTo(repository);
        assertThat(reference.tag()).contains(tag);
    }

    @Test
    void a_digest_is_what_is_asked_for() throws Exception {
        Reference bare = Reference.parse("host:5000/a@" + DIGEST);
        Reference both = Reference.parse("a:1@" + DIGEST);

        assertThat(bare.tag()).isEmpty();
        assertThat(bare.wanted()).isEqualTo(DIGEST);
        assertThat(bare).hasToString("host:5000/a@" + DIGEST);
        assertThat(both.tag()).contains("1");
        assertThat(both.wanted()).isEqualTo(DIGEST);
        assertThat(both).hasToString("a:1@" + DIGEST);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "UPPER",
                "a//b",
                "a:",
                "a:b:c",
                "-a",
                "a@sha256:12",
                "a b",
                "../a",
                "a/../b",
                "h:5000/",
                "a:té"
            })
    void what_is_no_name_is_refused(String text) {
        assertThatThrownBy(() -> Reference.parse(text)).isInstanceOf(OciException.class);
    }

    @Test
    void loopback_is_known_by_its_names() throws Exception {
        assertThat(Reference.parse("localhost:5000/a").isLoopback()).isTrue();
        assertThat(Reference.parse("127.0.0.1/a").isLoopback()).isTrue();
        assertThat(Reference.parse("[::1]:5000/a").isLoopback()).isTrue();
        assertThat(Reference.parse("127.0.0.1.example.com/a").isLoopback()).isFalse();
        assertThat(Reference.parse("busybox").at("my:5000")).hasToString("my:5000/busybox:latest");
    }

    @Test
    void challenges_are_read_with_quoted_commas() {
        assertThat(Challenge.parse("Bearer realm=\"https://a/b,c\",service=x , scope=\"repository:a:pull,push\""))
                .containsExactly(new Challenge(
                        "bearer", Map.of("realm", "https://a/b,c", "service", "x", "scope", "repository:a:pull,push")));
        assertThat(Challenge.parse("Negotiate, Basic realm=\"a \\\"b\\\"\""))
                .containsExactly(
                        new Challenge("negotiate", Map.of()), new Challenge("basic", Map.of("realm", "a \"b\"")));
        assertThat(Challenge.parse("")).isEmpty();
        assertThat(Challenge.parse("\"=,,,")).isEmpty();
    }

    @Test
    void credentials_are_found_as_docker_and_podman_keep_them() {
        Json.Obj config = Json.parseObject("""
                {"auths": {"https://index.docker.io/v1/": {"auth": "dTpwOnc="}, "h:5000": {"username": "a", "password": "b"},
                           "broken": {"auth": "%%%"}}}
                """);

        assertThat(Credentials.find(config, "docker.io")).contains(new Credentials("u", "p:w"));
        assertThat(Credentials.find(config, "h:5000")).contains(new Credentials("a", "b"));
        assertThat(Credentials.find(config, "broken")).isEmpty();
        assertThat(Credentials.find(config, "other")).isEqualTo(Optional.empty());
        assertThat(new Credentials("u", "secret").toString()).doesNotContain("secret");
    }

    @Test
    void the_entry_of_an_index_for_this_platform_is_taken() throws Exception {
        Json.Obj index = Json.parseObject("""
                {"manifests": [
                 {"digest": "%1$s0", "size": 1, "platform": {"os": "unknown", "architecture": "unknown"}},
                 {"digest": "%1$s1", "size": 1, "platform": {"os": "linux", "architecture": "arm", "variant": "v7"}},
                 {"digest": "%1$s2", "size": 1, "platform": {"os": "linux", "architecture": "amd64", "variant": "v3"}},
                 {"digest": "%1$s3", "size": 1, "platform": {"os": "linux", "architecture": "amd64"}}]}
                """.formatted("sha256:" + "0".repeat(63)));

        assertThat(new Platform("linux", "amd64").choose(index).digest().hex()).endsWith("3");
        assertThatThrownBy(() -> new Platform("linux", "riscv64").choose(index))
                .hasMessage("it is not for linux/riscv64, but for unknown/unknown, linux/arm, linux/amd64");
        assertThat(List.of(Platform.ofHost().os())).containsExactly("linux");
    }
}
