package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Json;

/** What imgadm says when it can't: the code that scripts know an error by, its words and its status. */
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
        Files.writeString(directory.resolve("text"), "no image at all");
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
            })
    void an_error_has_its_code_its_words_and_its_status(String command, int status, String code, String words) {
        String[] arguments = filled(command).split(" ");

        Ran ran = zonda.imgadm(arguments);

        assertThat(ran.err()).startsWith("imgadm " + arguments[0] + ": error (" + code + "): " + filled(words));
        assertThat(ran.status()).as(ran.toString()).isEqualTo(status);
        assertThat(ran.out()).isEmpty();
    }

    private static String filled(String text) {
        return text.replace("NONE", NONE)
                .replace("IMAGE", zonda.image().toString())
                .replace("THE_VM", vm.toString())
                .replace("DIR", directory.toString());
    }
}
