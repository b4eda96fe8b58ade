package zonda.zones;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.base.Json;

class SeccompTest {
    @BeforeEach
    void needs_the_profile() {
        assumeTrue(Files.exists(SeccompProfile.SOURCE), "needs the package golang-github-containers-common");
    }

    private static boolean allows(Json.Obj profile, String call) {
        return profile.array("syscalls").objects().stream()
                .filter(rule -> rule.string("action", "").equals("SCMP_ACT_ALLOW"))
                .filter(rule -> rule.array("args").items().isEmpty())
                .anyMatch(rule -> rule.array("names").strings().contains(call));
    }

    @Test
    void what_needs_a_capability_is_allowed_only_with_it() {
        SeccompProfile profile = SeccompProfile.read(SeccompProfile.SOURCE);

        Json.Obj few = profile.forCapabilities(Set.of("CAP_CHOWN"));
        Json.Obj admin = profile.forCapabilities(Set.of("CAP_SYS_ADMIN"));

        assertThat(allows(few, "read")).isTrue();
        assertThat(allows(few, "init_module")).isFalse();
        assertThat(allows(few, "bpf")).isFalse();
        assertThat(allows(admin, "bpf")).isTrue();
        assertThat(few.string("defaultAction")).contains("SCMP_ACT_ERRNO");
    }

    @Test
    void compiles_to_a_program_of_the_kernel_s_size() {
        byte[] program = Base64.getDecoder()
                .decode(SeccompProfile.read(SeccompProfile.SOURCE)
                        .compiled(Set.of("CAP_CHOWN"))
                        .orElseThrow());

        // struct sock_filter is 8 bytes, and BPF_MAXINSNS 4096.
        assertThat(program.length % 8).isZero();
        assertThat(program.length).isBetween(100 * 8, 4096 * 8);
    }

    @Test
    void limit_priv_takes_capabilities_away() {
        var machine = new InitProgram.Machine("/sbin/init", InitProgram.Kind.OTHER);

        List<String> all = Privileges.capabilities(machine, Set.of());
        List<String> narrowed = Privileges.capabilities(machine, Set.of("net_rawaccess", "sys_mount"));

        assertThat(all).contains("CAP_NET_RAW", "CAP_SYS_ADMIN").doesNotContain("CAP_SYS_MODULE", "CAP_SYS_TIME");
        assertThat(narrowed).doesNotContain("CAP_NET_RAW", "CAP_SYS_ADMIN").contains("CAP_CHOWN");
    }
}
