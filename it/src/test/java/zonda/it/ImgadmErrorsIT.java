package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Await;
import zonda.base.Json;

/**
 * What imgadm says of what there is, and when it can't: the code that scripts know an error by, its words and its status.
 */
class ImgadmErrorsIT {
    private static final String NONE = "00000000-0000-0000-0000-000000000009";

    @RegisterExtension
    static final Instance zonda = new Instance();

    @TempDir
    private static Path directory;

    private static UUID vm;

    @BeforeAll
    static void make_a_vm_and_files() throws IOException {
        vm = zonda.create(zonda.payload("runs"));
        zonda.imgadm("sources", "-d", "https://images.smartos.org");
        Json.Obj manifest = Json.parseObject("{\"v\":2,\"uuid\":\"" + NONE + "\",\"name\":\"a\",\"version\":\"1\","
                + "\"type\":\"lx-dataset\",\"os\":\"linux\",\"owner\":\"" + NONE + "\"}");
        Files.writeString(directory.resolve("good"), manifest.pretty());
        Files.writeString(
                directory.resolve("nameless"), manifest.without("name").pretty());
        Files.writeString(directory.resolve("list"), "[]");
        Files.writeString(
                directory.resolve("child"), manifest.with("origin", NONE).pretty());
        Files.writeString(directory.resolve("text"), "no image at all\n".repeat(64));
        Files.write(directory.resolve("cut"), new byte[] {0x1f, (byte) 0x8b, 8, 0, 0});
    }

    @AfterAll
    static void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nonsense | 2 | UnknownCommand | unknown command: \"nonsense\"",
                "get nonsense | 1 | InvalidUUID | invalid uuid: \"nonsense\"",
                "get NONE | 3 | ImageNotInstalled | image \"NONE\" was not found on zpool \"zones\"",
                "ancestry NONE | 3 | ImageNotInstalled | image \"NONE\" was not found on zpool \"zones\"",
                "delete NONE | 3 | ImageNotInstalled | image \"NONE\" was not found on zpool \"zones\"",
                "delete IMAGE | 1 | ImageHasDependentClones | image \"IMAGE\" has dependent clones: THE_VM",
                "get -P none IMAGE | 1 | InternalError | no such zpool: \"none\"",
                "list colour=red | 2 | Usage | unknown field: \"colour\"",
                "avail -o colour | 2 | Usage | unknown field: \"colour\"",
                "avail | 1 | NoSources | imgadm has no configured sources",
                "import NONE | 1 | NoSources | imgadm has no configured sources",
                "import UPPER/case | 1 | InvalidDockerInfo | import UPPER/case: \"UPPER/case\" isn't an image's name: ",
                "sources -a nonsense | 1 | InvalidArgument | not an http or https URL: \"nonsense\"",
                "sources -a http://127.0.0.1:1 | 1 | SourcePing | unexpected ping error with image source \"http://127.0.0.1:1\" (imgapi)",
                "create nosuch name=a version=1 | 1 | VmNotFound | no VM has UUID, UUID prefix or alias \"nosuch\"",
                "create THE_VM name=a version=1 | 1 | VmNotStopped | cannot create an image from a running VM: stop THE_VM",
                "install -m DIR/none -f DIR/text | 1 | FileSystem | DIR/none (No such file or directory)",
                "install -m DIR/nameless -f DIR/text | 1 | ManifestValidation | invalid manifest: name (MissingParameter)",
                "install -m DIR/list -f DIR/text | 1 | InvalidManifest | manifest is invalid: expected an object",
                "publish -m DIR/good -f DIR/text http://127.0.0.1:1 | 1 | ClientError | publish NONE (a@1): POST http://127.0.0.1:1/images: no connection",
                "publish -m DIR/good -f DIR/text | 2 | Usage | to which server? give one URL",
                "install -q -m DIR/good -f DIR/text | 1 | UncompressionError | install image NONE (a@1): not a tar header",
                "install -q -m DIR/good -f DIR/cut | 1 | UncompressionError | install image NONE (a@1): ",
                "install -q -m DIR/child -f DIR/text | 3 | OriginNotInstalled | origin image \"NONE\" was not found on zpool \"zones\"",
                "install -f DIR/text | 2 | Usage | -m <manifest> is missing",
                "install -m DIR/good | 2 | Usage | -f <file> is missing",
                "import -S http://127.0.0.1:1 NONE | 1 | ClientError | http://127.0.0.1:1: GET http://127.0.0.1:1/images/NONE: ",
                "import -P none -S http://127.0.0.1:1 NONE | 1 | InternalError | no such zpool: \"none\"",
                "import | 2 | Usage | which image? give a UUID or the name of an OCI image",
                "show NONE | 1 | NoSources | imgadm has no configured sources",
                "show nonsense | 1 | InvalidUUID | invalid uuid: \"nonsense\"",
                "update NONE | 3 | ImageNotInstalled | image \"NONE\" was not found on zpool \"zones\"",
                "delete | 2 | Usage | which image? give one UUID",
                "list -s colour | 2 | Usage | unknown field: \"colour\"",
                "list colour | 2 | Usage | invalid filter: \"colour\" is not FIELD=VALUE",
                "list -x | 2 | Usage | unknown option: -x",
                "ancestry -o colour IMAGE | 2 | Usage | unknown field: \"colour\"",
                "sources -a http://127.0.0.1:1 -t ftp | 2 | Usage | unknown source type \"ftp\": imgapi, docker or dsapi",
                "sources -a http://127.0.0.1:1 -t docker | 1 | SourcePing | unexpected ping error with image source \"http://127.0.0.1:1\" (docker)",
                "sources -a http://127.0.0.1:1 -t dsapi | 1 | SourcePing | unexpected ping error with image source \"http://127.0.0.1:1\" (dsapi)",
                "create THE_VM name=a version=1 -c zip | 2 | Usage | unknown compression \"zip\"",
                "create THE_VM name=a version=1 --max-origin-depth x | 2 | Usage | not a number of images: --max-origin-depth \"x\"",
                "reinstall IMAGE | 1 | NotSupported | imgadm reinstall is not supported by this version of Zonda",
            })
    void an_error_has_its_code_its_words_and_its_status(String command, int status, String code, String words) {
        String[] arguments = filled(command).split(" ");

        Ran ran = zonda.imgadm(arguments);

        assertThat(ran.err()).startsWith("imgadm " + arguments[0] + ": error (" + code + "): " + filled(words));
        assertThat(ran.status()).as(ran.toString()).isEqualTo(status);
        assertThat(ran.out().replaceFirst("^Installing image .*\n", "")).isEmpty();
    }

    private static String said(String line) {
        Ran ran = zonda.imgadm(filled(line).split(" "));
        assertThat(ran.err()).isEmpty();
        assertThat(ran.status()).as(ran.toString()).isZero();
        return ran.out();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--version | imgadm 3.0.0 (Zonda)",
                "list -H -o name,version,os,type,zpool,clones,source | busybox  1  linux  lx-dataset  zones  1  -",
                "list -H -o uuid name=busybox version=1 type=lx-dataset public=false disabled=false | IMAGE",
                "list -H -o uuid name=~usy zpool=zones clones=1 -s -size | IMAGE",
                "list -P zones -H -o uuid | IMAGE",
                "ancestry -H -o uuid IMAGE | IMAGE",
                "sources -d http://127.0.0.1:9 | Do not have image source \"http://127.0.0.1:9\", no change",
                "sources -fa http://127.0.0.1:9/ | Added \"imgapi\" image source \"http://127.0.0.1:9\"",
                "sources -a http://127.0.0.1:9 | Already have \"imgapi\" image source \"http://127.0.0.1:9\", no change",
                "sources | http://127.0.0.1:9",
                "sources -v | http://127.0.0.1:9 imgapi",
                "sources -d http://127.0.0.1:9 | Deleted \"imgapi\" image source \"http://127.0.0.1:9\"",
                "sources -kf -t docker -a https://127.0.0.1:9 | Added \"docker\" image source \"https://127.0.0.1:9\"",
                "sources -d https://127.0.0.1:9 | Deleted \"docker\" image source \"https://127.0.0.1:9\"",
                "sources --add-docker-hub -f | Added \"docker\" image source \"https://docker.io\"",
                "sources -d https://docker.io | Deleted \"docker\" image source \"https://docker.io\"",
            })
    void what_there_is_is_said_in_the_words_that_scripts_read(String line, String words) {
        assertThat(said(line)).isEqualTo(filled(words) + "\n");
    }

    @Test
    void what_there_is_is_told_in_json_too() {
        Json.Obj listed = ((Json.Arr) Json.parse(said("list -j"))).objects().getFirst();
        assertThat(listed.object("manifest").string("uuid"))
                .contains(zonda.image().toString());
        assertThat(listed.members()).containsOnlyKeys("manifest", "zpool", "source", "clones", "size");
        Json.Obj installed = Json.parseObject(said("info -P zones -r IMAGE"));
        assertThat(installed).isEqualTo(Json.parseObject(said("get -r IMAGE")));
        assertThat(installed.members()).containsOnlyKeys("manifest", "zpool", "children");
        assertThat(installed.array("children").strings()).containsExactly(vm.toString());
        assertThat(Json.parseObject(said("show IMAGE"))).isEqualTo(installed.object("manifest"));
        assertThat(((Json.Arr) Json.parse(said("ancestry -j IMAGE"))).objects())
                .extracting(image -> image.object("manifest"))
                .containsExactly(installed.object("manifest"));
        assertThat(said("ancestry IMAGE").lines().findFirst().orElse("").split(" +"))
                .containsExactly("UUID", "NAME", "VERSION", "PUBLISHED");
        assertThat(said("list").lines().findFirst().orElse("").split(" +"))
                .containsExactly("UUID", "NAME", "VERSION", "OS", "TYPE", "PUB");
        assertThat(said("list --docker").lines().findFirst().orElse("").split(" +"))
                .containsExactly("UUID", "DOCKER_REPO", "DOCKER_TAGS", "DOCKER_SHORT_ID", "PUB");
        assertThat(Json.parse(said("sources -j"))).isEqualTo(new Json.Arr(List.of()));
        for (String help : List.of("help", "-h", "--help")) {
            assertThat(said(help)).startsWith("Usage: imgadm <command> [options]\n");
        }
    }

    @Test
    void what_a_source_offers_is_listed_and_shown() throws IOException {
        Path served = Files.createDirectory(directory.resolve("served"));
        Json.Obj older = Json.parseObject(Files.readString(directory.resolve("good")))
                .with("published_at", "2020-01-02T03:04:05Z");
        String other = NONE.replace('9', '8');
        Json.Obj newer = older.with("uuid", other).with("name", "b").with("published_at", "2021-01-02T03:04:05Z");
        for (Json.Obj manifest : List.of(newer, older)) {
            String name = manifest.string("name", "") + "-1";
            Files.writeString(served.resolve(name + ".imgmanifest"), manifest.pretty());
            Files.writeString(served.resolve(name + ".zfs.gz"), "no image at all");
        }
        try (Call server = zonda.call("imgadm", "serve", "-l", "127.0.0.1:0", served.toString())) {
            assertThat(Await.until(Instance.LIMIT, () -> server.err().contains("http://")))
                    .isTrue();
            String url = server.err().strip().replaceFirst("(?s).* at ", "");
            assertThat(said("sources -a " + url)).isEqualTo("Added \"imgapi\" image source \"" + url + "\"\n");
            assertThat(said("sources -c")).isEqualTo(url + ": ok\n");

            assertThat(said("avail -H -o uuid,name,version,os,type,pub,source"))
                    .isEqualTo(NONE + "  a  1  linux  lx-dataset  2020-01-02  " + url + "\n" + other
                            + "  b  1  linux  lx-dataset  2021-01-02  " + url + "\n");
            assertThat(said("avail -H -o name -s -published_at")).isEqualTo("b\na\n");
            assertThat(said("avail -H -o name name=~b")).isEqualTo("b\n");
            assertThat(said("avail name=none")).isEqualTo("UUID  NAME  VERSION  OS  TYPE  PUB\n");
            assertThat(((Json.Arr) Json.parse(said("avail -j name=a"))).objects())
                    .containsExactly(Json.object()
                            .with("manifest", Json.parseObject(said("show NONE")))
                            .with("source", url));
            Ran none = zonda.imgadm("show", UUID.randomUUID().toString());
            assertThat(none.err()).startsWith("imgadm show: error (ActiveImageNotFound): an active image \"");
            assertThat(none.status()).isEqualTo(1);
            Ran channel = zonda.imgadm("import", "-q", "-C", "dev", NONE);
            assertThat(channel.err()).startsWith("imgadm import: error (");
            assertThat(said("sources -d " + url)).isEqualTo("Deleted \"imgapi\" image source \"" + url + "\"\n");
        }
    }

    private static String filled(String text) {
        return text.replace("NONE", NONE)
                .replace("IMAGE", zonda.image().toString())
                .replace("THE_VM", vm.toString())
                .replace("DIR", directory.toString());
    }
}
