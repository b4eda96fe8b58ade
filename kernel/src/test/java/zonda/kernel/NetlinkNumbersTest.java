package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NetlinkNumbersTest {
    private static final String HEADERS = """
            #include <stdio.h>
            #include <sys/socket.h>
            #include <net/if.h>
            #include <linux/if_link.h>
            #include <linux/veth.h>
            #include <linux/rtnetlink.h>
            #include <linux/netfilter.h>
            #include <linux/netfilter/nfnetlink.h>
            #include <linux/netfilter/nf_tables.h>
            """;

    @Test
    void are_those_of_the_kernels_headers(@TempDir Path directory) throws IOException {
        Assumptions.assumeTrue(
                Files.exists(Path.of("/usr/include/linux/if_link.h")) && Files.exists(Path.of("/usr/bin/cc")),
                "needs cc and linux-libc-dev");
        var fields = NetlinkNumbers.class.getDeclaredFields();
        String prints = Arrays.stream(fields)
                .map(field -> "printf(\"%s=%%d\\n\", (int) %s);".formatted(field.getName(), field.getName()))
                .collect(Collectors.joining("\n"));
        Path source = directory.resolve("numbers.c");
        Files.writeString(source, HEADERS + "int main(void) {\n" + prints + "\nreturn 0; }\n");

        Command.of("cc", "-o", directory.resolve("numbers").toString(), source.toString())
                .check(Duration.ofSeconds(30));
        String theirs = Command.of(directory.resolve("numbers").toString()).check(Duration.ofSeconds(5));

        String ours = Arrays.stream(fields)
                .map(field -> field.getName() + "=" + value(field) + "\n")
                .collect(Collectors.joining());
        assertThat(ours).isEqualTo(theirs);
    }

    private static int value(java.lang.reflect.Field field) {
        try {
            return field.getInt(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError(field.getName(), e);
        }
    }
}
