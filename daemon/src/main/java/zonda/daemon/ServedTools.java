package zonda.daemon;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import zonda.metadata.MetadataService;
import zonda.metadata.ToolSockets;
import zonda.vm.GuestCommands;
import zonda.vm.GuestTool;

/** The sockets of zones' tools in the words of VMs. Zones come first, and what answers them after. */
final class ServedTools implements GuestCommands, AutoCloseable {
    private static final Map<GuestTool, String> NAMES =
            new EnumMap<>(Map.of(GuestTool.ZFS, "zfs", GuestTool.DTRACE, "dtrace"));

    private final ToolSockets sockets;
    private final Map<GuestTool, Answer> answers = new ConcurrentHashMap<>();

    /** Reads a request of a zone's root, and answers it. */
    @FunctionalInterface
    interface Answer {
        void serve(UUID zone, int uid, InputStream in, OutputStream out) throws IOException;
    }

    ServedTools(MetadataService zones) {
        sockets = new ToolSockets(
                zones,
                NAMES.entrySet().stream()
                        .collect(Collectors.toMap(
                                Map.Entry::getValue,
                                tool -> (zone, uid, in, out) -> answer(tool.getKey(), zone, uid, in, out))));
    }

    /** Has a tool's requests answered from now on; until then they are hung up on. */
    void answerBy(GuestTool tool, Answer answer) {
        answers.put(tool, answer);
    }

    private void answer(GuestTool tool, String zonename, int uid, InputStream in, OutputStream out) throws IOException {
        Answer answer = answers.get(tool);
        if (answer != null) {
            answer.serve(UUID.fromString(zonename), uid, in, out);
        }
    }

    @Override
    public void serve(UUID uuid, long rootUid, Set<GuestTool> tools) {
        sockets.open(uuid.toString(), rootUid, tools.stream().map(NAMES::get).collect(Collectors.toSet()));
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
