package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import zonda.kernel.Command;

/** Programs that bring probes by the header of -h. */
@Timeout(60)
class ProbeHeaderIT {
    private static final String SCRIPT = "provider shop { probe sold(int, char *); probe query__done(); };\n";

    @TempDir
    Path directory;

    private String file(String name) {
        return directory.resolve(name).toString();
    }

    @Test
    void a_header_has_two_macros_for_each_probe() throws Exception {
        Files.writeString(directory.resolve("shop.d"), SCRIPT);

        Recorder ran = Recorder.run("-h", "-s", file("shop.d"), "-o", file("shop.h"));

        assertThat(ran.status()).as(ran.err()).isZero();
        assertThat(directory.resolve("shop.h"))
                .content()
                .contains("#define SHOP_SOLD(arg0, arg1)")
                .contains("#define SHOP_SOLD_ENABLED()")
                .contains("#define SHOP_QUERY_DONE()");
    }

    @Test
    void a_script_without_providers_makes_no_header() throws Exception {
        Files.writeString(directory.resolve("none.d"), "BEGIN { exit(0); }\n");

        Recorder ran = Recorder.run("-h", "-s", file("none.d"), "-o", file("none.h"));

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).endsWith("none.d declares no providers\n");
        assertThat(directory.resolve("none.h")).doesNotExist();
    }

    @Test
    void a_program_that_is_built_with_header_and_object_has_probes_that_fire() throws Exception {
        Needs.root();
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "needs a C compiler");
        Files.writeString(directory.resolve("shop.d"), SCRIPT);
        Files.writeString(directory.resolve("main.c"), """
                #include <unistd.h>
                #include "shop.h"
                int main(void)
                {
                    for (int i = 0; i < 5000; i++) {
                        if (SHOP_SOLD_ENABLED())
                            SHOP_SOLD(42, "socks");
                        SHOP_QUERY_DONE();
                        usleep(10000);
                    }
                    return 0;
                }
                """);
        Recorder.run("-h", "-s", file("shop.d"), "-o", file("shop.h"));
        Recorder.run("-G", "-s", file("shop.d"), "-o", file("shop.o"), file("main.o"));
        Command.Result built = Command.of(
                        "/usr/bin/gcc", "-O1", "-Wall", "-Werror", "-o", file("main"), file("main.c"), file("shop.o"))
                .run(Duration.ofSeconds(50));
        assertThat(built.err()).isEmpty();
        Process program = Command.of(file("main")).start();
        try {
            Recorder ran = Recorder.run(
                    "-qn",
                    "shop" + program.pid() + ":::sold { printf(\"%d\", arg0); exit(0); }",
                    "-x",
                    "switchrate=20ms");

            assertThat(ran.err()).isEmpty();
            assertThat(ran.out()).isEqualTo("42\n");

            Recorder wild = Recorder.run(
                    "-qn",
                    "shop*:::sold { printf(\"%s %d\", probefunc, args[0]); exit(0); }",
                    "-x",
                    "switchrate=20ms",
                    "-c",
                    file("main"));

            assertThat(wild.out()).isEqualTo("main 42\n");
        } finally {
            program.destroyForcibly();
        }
    }
}
