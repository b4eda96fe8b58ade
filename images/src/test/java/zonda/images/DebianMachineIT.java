package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.kernel.RootDirectory;

/** What a tree of Debian gets so that it is a machine's; what becomes of it, a test of machines shows. */
class DebianMachineIT {
    @TempDir
    Path tree;

    @Test
    void nics_with_fixed_addresses_do_not_wait_for_an_ipv6_router() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
        try (RootDirectory root = RootDirectory.open(tree)) {
            DebianMachine.readyNics(root);
        }

        Path network = tree.resolve("etc/systemd/network");
        assertThat(network).isDirectoryContaining("glob:**/10-cloud-init-net7.network.d");
        assertThat(Files.readString(network.resolve("10-cloud-init-net0.network.d/50-zonda.conf")))
                .isEqualTo("[Network]\nConfigureWithoutCarrier=yes\n");
        assertThat(Files.getAttribute(network.resolve("10-cloud-init-net0.network.d"), "unix:mode"))
                .as("networkd, which is not root, reads it")
                .isEqualTo(040755);
    }
}
