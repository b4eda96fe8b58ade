package zonda.it;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import zonda.client.Frame;
import zonda.client.Payload;
import zonda.kernel.Command;
import zonda.kernel.Directory;
import zonda.zstream.FilesystemReceiver;
import zonda.zstream.ReceiveOptions;
import zonda.zstream.SendStream;

/**
 * What is to be compared, each once in a round, in one process that runs in the guest: {@code InTurn ROUNDS FILE}. Each
 * line of the file is one of
 *
 * <pre>
 * sh WORDS             a script
 * ask SOCKET WORDS     a command, by a client's frames: without a client's start
 * skip STREAM          a ZFS stream read to its end, its checksums compared
 * unpack STREAM DIR    a ZFS stream restored into an empty directory, until all is durable
 * rest LINE            one of these that is not timed
 * </pre>
 *
 * It prints a line for each round, with the microseconds that each took.
 */
final class InTurn {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final String REST = "rest ";
    private static final int BUFFER = 1 << 20;

    private InTurn() {}

    public static void main(String[] arguments) throws IOException {
        List<String> lines = Files.readAllLines(Path.of(arguments[1]));
        for (int round = 0; round < Integer.parseInt(arguments[0]); round++) {
            var took = new StringJoiner(" ");
            for (String line : lines) {
                long began = System.nanoTime();
                boolean isTimed = !line.startsWith(REST);
                run(isTimed ? line : line.substring(REST.length()));
                if (isTimed) {
                    took.add(String.valueOf((System.nanoTime() - began) / 1000));
                }
            }
            System.out.println(took);
        }
    }

    private static void run(String line) throws IOException {
        String verb = line.substring(0, line.indexOf(' '));
        String rest = line.substring(verb.length() + 1);
        List<String> words = List.of(rest.split(" "));
        switch (verb) {
            case "sh" -> Command.of("sh", "-c", rest).check(LIMIT);
            case "ask" -> ask(Path.of(words.getFirst()), words.get(1), words.subList(2, words.size()));
            case "skip" -> skip(Path.of(words.getFirst()));
            case "unpack" -> unpack(Path.of(words.getFirst()), Path.of(words.getLast()));
            default -> throw new IllegalArgumentException(verb);
        }
    }

    private static void ask(Path socket, String tool, List<String> arguments) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            Payload argv = Payload.empty().put(tool).put("").put("/").put(arguments.size());
            arguments.forEach(argv::put);
            byte[] request = argv.put(0).bytes();
            Frame.write(channel, Frame.ARGV, request, 0, request.length);
            InputStream in = new BufferedInputStream(Channels.newInputStream(channel), BUFFER);
            var said = new StringBuilder();
            Frame frame = Frame.read(in);
            while (frame.type() != Frame.EXIT) {
                if (frame.type() == Frame.ERR) {
                    said.append(frame.text());
                }
                frame = Frame.read(in);
            }
            int status = Payload.of(frame).number();
            if (status != 0) {
                throw new IOException(tool + " " + arguments + ": exit " + status + ": " + said);
            }
        }
    }

    private static SendStream open(Path file) throws IOException {
        SendStream stream = SendStream.open(new BufferedInputStream(Files.newInputStream(file), BUFFER));
        stream.next();
        return stream;
    }

    private static void skip(Path file) throws IOException {
        try (SendStream stream = open(file)) {
            stream.skip();
        }
    }

    private static void unpack(Path file, Path target) throws IOException {
        try (SendStream stream = open(file);
                Directory root = Directory.open(target)) {
            FilesystemReceiver.receive(stream, root, Optional.empty(), ReceiveOptions.ALL);
        }
        Command.of("sync", "-f", target.toString()).check(LIMIT);
    }
}
