package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Json;

class ManifestTest {
    private static final String UUID = "01b2c898-945f-11e1-a523-af1afbe22822";
    private static final Json.Obj MINIMAL = Json.parseObject("""
            {"v": 2, "uuid": "%s", "name": "base", "version": "1.6.3", "type": "lx-dataset", "os": "linux"}
            """.formatted(UUID));

    @Test
    void a_minimal_manifest_is_printed_as_it_came() {
        Manifest manifest = Manifest.parse(MINIMAL.pretty());

        assertThat(manifest.json()).isEqualTo(MINIMAL);
        assertThat(manifest.title()).isEqualTo(UUID + " (base@1.6.3)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "uuid          | \"not-a-uuid\"",
                "owner         | 7",
                "name          | \"sm*le\"",
                "name          | \"\"",
                "version       | \"1 0\"",
                "v             | 3",
                "type          | \"squashfs\"",
                "os            | \"beos\"",
                "state         | \"asleep\"",
                "public        | \"true\"",
                "disabled      | 0",
                "published_at  | \"yesterday\"",
                "published_at  | \"2013-02-25T09:01:30\"",
                "homepage      | \"ftp://example.com\"",
                "eula          | \"http:///nowhere\"",
                "origin        | \"x\"",
                "files         | []",
                "files         | {}",
                "files         | [{\"sha1\":\"zz\"}]",
                "files         | [{\"size\":-1}]",
                "files         | [{\"compression\":\"rar\"}]",
                "files         | [{\"digest\":\"md5:00\"}]",
                "files         | [{\"size\":1},{\"size\":2}]",
                "acl           | [\"me\"]",
                "requirements  | {\"min_ram\":\"1\"}",
                "requirements  | {\"bootrom\":\"bootcamp\"}",
                "requirements  | {\"min_platform\":{\"7.0\":\"soon\"}}",
                "requirements  | {\"networks\":[{\"description\":\"x\"}]}",
                "users         | [{}]",
                "billing_tags  | [7]",
                "traits        | []",
                "tags          | \"x\"",
                "image_size    | 1.5",
                "image_size    | 0",
                "inherited_directories | [1]",
                "colour        | \"blue\"",
            })
    void a_wrong_field_is_named(String field, String value) {
        Json.Obj wrong = MINIMAL.with(field.strip(), Json.parse(value.strip()));

        assertThatThrownBy(() -> Manifest.of(wrong)).isInstanceOfSatisfying(ImageException.class, e -> {
            assertThat(e.error().label()).isEqualTo("ManifestValidation");
            assertThat(e).hasMessageStartingWith("invalid manifest: " + field.strip() + " (");
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "name          | \"a/b c-d_e.f\"",
                "published_at  | \"2013-02-25T09:01:30.123Z\"",
                "homepage      | \"https://example.com/x?y\"",
                "files         | [{\"sha1\":\"97a7b5f8a1e8b8c8f2e5ba3c5c41a7c0e0d5a0e1\",\"size\":7,\"compression\":\"xz\"}]",
                "requirements  | {\"networks\":[{\"name\":\"net0\",\"description\":\"public\"}],\"min_platform\":{\"7.0\":\"20141030T081701Z\"},\"brand\":\"lx\"}",
                "users         | [{\"name\":\"root\"}]",
                "acl           | [\"01b2c898-945f-11e1-a523-af1afbe22822\"]",
                "tags          | {\"role\":\"web\",\"n\":1}",
                "os            | \"smartos\"",
                "os            | \"windows\"",
                "os            | \"bsd\"",
                "os            | \"illumos\"",
                "os            | \"other\"",
                "type          | \"zone-dataset\"",
                "type          | \"lxd\"",
                "type          | \"docker\"",
                "type          | \"other\"",
                "state         | \"active\"",
                "state         | \"unactivated\"",
                "state         | \"disabled\"",
                "state         | \"failed\"",
                "state         | \"creating\"",
                "files         | [{\"compression\":\"none\",\"dataset_guid\":\"1\",\"size\":0}]",
                "files         | [{\"compression\":\"gzip\"}]",
                "files         | [{\"compression\":\"bzip2\"}]",
                "requirements  | {\"bootrom\":\"bios\",\"ssh_key\":true,\"min_ram\":1,\"max_ram\":2}",
                "requirements  | {\"bootrom\":\"uefi\",\"max_platform\":{\"7.0\":\"20141030T081701Z\"}}",
                "icon          | true",
                "error         | {\"code\":\"x\"}",
                "traits        | {\"ssd\":true}",
                "billing_tags  | [\"a\"]",
                "channels      | [\"dev\"]",
                "urn           | \"sdc:sdc:base:1\"",
                "eula          | \"http://example.com\"",
                "disabled      | false",
                "activated     | true",
                "public        | true",
                "generate_passwords | false",
                "inherited_directories | [\"/opt\"]",
                "cpu_type      | \"host\"",
                "owner         | \"01b2c898-945f-11e1-a523-af1afbe22822\"",
                "origin        | \"01b2c898-945f-11e1-a523-af1afbe22822\"",
            })
    void a_right_field_is_taken(String field, String value) {
        Json.Obj right = MINIMAL.with(field.strip(), Json.parse(value.strip()));

        assertThat(Manifest.of(right).json()).isEqualTo(right);
    }

    @Test
    void all_that_is_wrong_is_said_at_once() {
        assertThatThrownBy(() -> Manifest.parse("{\"v\":2,\"uuid\":\"x\",\"foo\":1,\"type\":\"zvol\"}"))
                .hasMessage("invalid manifest: uuid (must be a UUID), foo (unknown field), name (MissingParameter), "
                        + "os (MissingParameter), version (MissingParameter), image_size (MissingParameter), "
                        + "nic_driver (MissingParameter), disk_driver (MissingParameter)");
    }

    @Test
    void bounds_are_those_of_the_specification() {
        assertThat(Manifest.of(MINIMAL.with("name", "n".repeat(1024)))).isNotNull();
        assertThatThrownBy(() -> Manifest.of(MINIMAL.with("name", "n".repeat(1025))))
                .hasMessageContaining("name");
        assertThat(Manifest.of(MINIMAL.with("version", "1".repeat(512)))).isNotNull();
        assertThatThrownBy(() -> Manifest.of(MINIMAL.with("version", "1".repeat(513))))
                .hasMessageContaining("version");
        assertThat(Manifest.of(MINIMAL.with("description", "d".repeat(10240)))).isNotNull();
        assertThatThrownBy(() -> Manifest.of(MINIMAL.with("description", "d".repeat(10241))))
                .hasMessageContaining("description");
        for (String field : new String[] {"homepage", "eula"}) {
            String url = "https://example.com/";
            assertThat(Manifest.of(MINIMAL.with(field, url + "x".repeat(1004)))).isNotNull();
            assertThatThrownBy(() -> Manifest.of(MINIMAL.with(field, url + "x".repeat(1005))))
                    .hasMessageContaining(field);
        }
        assertThat(Manifest.of(MINIMAL.with("billing_tags", Json.Arr.ofStrings(List.of("b".repeat(128))))))
                .isNotNull();
        assertThatThrownBy(() ->
                        Manifest.of(MINIMAL.with("billing_tags", Json.Arr.ofStrings(List.of("b".repeat(129))))))
                .hasMessageContaining("billing_tags");
        Json.Obj tags = Json.object().with("t", "x".repeat(102400));
        assertThatThrownBy(() -> Manifest.of(MINIMAL.with("tags", tags))).hasMessageContaining("tags");
    }

    @Test
    void what_is_not_json_is_an_invalid_manifest() {
        assertThatThrownBy(() -> Manifest.parse("{")).isInstanceOfSatisfying(ImageException.class, e -> {
            assertThat(e.error().label()).isEqualTo("InvalidManifest");
            assertThat(e).hasMessageStartingWith("manifest is invalid: ");
        });
    }

    @Test
    void a_manifest_of_version_1_is_converted() {
        Manifest manifest = Manifest.parse("""
                {"uuid":"01b2c898-945f-11e1-a523-af1afbe22822","name":"smartos","version":"1.6.3","os":"smartos",
                 "type":"zone-dataset","cloud_name":"sdc","vendor_uuid":"00000000-0000-0000-0000-000000000001",
                 "creator_uuid":"00000000-0000-0000-0000-000000000002","creator_name":"sdc",
                 "restricted_to_uuid":"00000000-0000-0000-0000-000000000003",
                 "published_at":"2012-05-02T15:15:24.059000+00:00","urn":"sdc:sdc:smartos:1.6.3",
                 "files":[{"path":"smartos-1.6.3.zfs.bz2","sha1":"97a7b5f8a1e8b8c8f2e5ba3c5c41a7c0e0d5a0e1","size":1,
                           "url":"http://example.com/x"}]}
                """);

        assertThat(manifest.json().pretty()).isEqualTo("""
                {
                  "v": 2,
                  "uuid": "01b2c898-945f-11e1-a523-af1afbe22822",
                  "name": "smartos",
                  "version": "1.6.3",
                  "os": "smartos",
                  "type": "zone-dataset",
                  "urn": "sdc:sdc:smartos:1.6.3",
                  "owner": "00000000-0000-0000-0000-000000000002",
                  "published_at": "2012-05-02T15:15:24.059000Z",
                  "public": false,
                  "acl": [
                    "00000000-0000-0000-0000-000000000003"
                  ],
                  "files": [
                    {
                      "sha1": "97a7b5f8a1e8b8c8f2e5ba3c5c41a7c0e0d5a0e1",
                      "size": 1,
                      "compression": "bzip2"
                    }
                  ]
                }""");
    }
}
