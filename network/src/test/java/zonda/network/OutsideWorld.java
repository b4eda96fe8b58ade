package zonda.network;

import java.time.Duration;
import zonda.kernel.Command;

/** A machine beyond the host: a namespace at the other end of a link that the host routes to. */
final class OutsideWorld implements AutoCloseable {
    static final String HOST_ADDRESS = "198.51.100.1";
    static final String ADDRESS = "198.51.100.2";
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final String link;

    OutsideWorld(String link, TestZone far) {
        this.link = link;
        Command.of("ip", "link", "add", link, "type", "veth", "peer", "name", "out0", "netns", "" + far.pid())
                .check(LIMIT);
        Command.of("ip", "address", "add", HOST_ADDRESS + "/30", "dev", link).check(LIMIT);
        Command.of("ip", "link", "set", link, "up").check(LIMIT);
        far.run("ip", "address", "add", ADDRESS + "/30", "dev", "out0");
        far.run("ip", "link", "set", "out0", "up");
    }

    @Override
    public void close() {
        Command.of("ip", "link", "delete", link).check(LIMIT);
    }
}
