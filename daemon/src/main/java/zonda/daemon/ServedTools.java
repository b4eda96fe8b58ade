package zonda.daemon;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import zonda.commands.ZoneZfs;
import zonda.metadata.MetadataService;
import zonda.metadata.ToolSockets;
import zonda.vm.GuestCommands;

/** The sockets of zones' tools in the words of VMs. Zones come first, and what answers them after. */
final class ServedTools implements GuestCommands, AutoCloseable {
    private final ToolSockets sockets;
    private volatile @Nullable ZoneZfs answering;

    ServedTools(MetadataService zones) {
        sockets = new ToolSockets(zones, this::answer);
    }

    /** Has requests answered from now on; until then they are hung up on. */
    void answerBy(ZoneZfs zfs) {
        answering = zfs;
    }

    private void answer(String zonename, int uid, InputStream in, OutputStream out) throws IOException {
        ZoneZfs zfs = answering;
        if (zfs != null) {
            zfs.serve(UUID.fromString(zonename), uid, in, out);
        }
    }

    @Override
    public void serve(UUID uuid, long rootUid) {
        sockets.open(uuid.toString(), rootUid);
    }

    @Override
    public void stop(UUID uuid) {
        sockets.close(uuid.toString());
    }

    @Override
    public void close() {
        sockets.close();
    }
}
