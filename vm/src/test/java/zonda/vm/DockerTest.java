package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Json;

/** What the metadata of a container make of its properties. */
class DockerTest {
    @ParameterizedTest
    @CsvSource({
        "false, json-file, g--",
        "true, json-file, gt-",
        "false, none, ---",
        "true, none, -t-",
        "'', '', g--",
    })
    void the_mode_of_a_log_says_who_keeps_it_and_whether_there_is_a_terminal(String tty, String driver, String mode) {
        Json.Obj docker = Json.object().with("docker:tty", tty).with("docker:logdriver", driver);

        assertThat(Docker.logMode(new VmConfig(Json.object().with("internal_metadata", docker))))
                .isEqualTo(mode);
    }

    @ParameterizedTest
    @CsvSource({"lx, /native/usr/vm/sbin/dockerinit", "joyent-minimal, /usr/vm/sbin/dockerinit"})
    void a_container_gets_what_smartos_gives_it_unless_it_says_otherwise(String brand, String init) {
        Json.Obj vm = Json.object()
                .with("uuid", "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0")
                .with("brand", brand)
                .with("restart_init", true)
                .with("docker", true);

        Json.Obj made = Docker.complete(vm, Json.object());

        assertThat(made.string("init_name")).contains(init);
        assertThat(made.bool("restart_init", true)).isFalse();
        assertThat(made.array("internal_metadata_namespaces").strings()).containsExactly("docker");
        assertThat(made.object("internal_metadata").string("docker:id", "")).matches("[0-9a-f]{64}");
        assertThat(Docker.complete(vm, Json.object().with("restart_init", true)).bool("restart_init", false))
                .isTrue();
        assertThat(Docker.complete(made, Json.object())).isEqualTo(made);
    }
}
