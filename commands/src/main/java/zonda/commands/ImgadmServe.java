package zonda.commands;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.images.ImageServer;

/** serve of imgadm(8): an IMGAPI server until the caller goes away. */
final class ImgadmServe {
    private static final String DEFAULT = "127.0.0.1:8081";

    private ImgadmServe() {}

    static void serve(Session session, Getopt options) {
        if (options.operands().size() != 1) {
            throw new OpException(Code.USAGE, "which directory is to be served?");
        }
        Path directory = session.path(options.operands().getFirst());
        if (!Files.isDirectory(directory)) {
            throw new OpException(Code.FAILED, "not a directory: " + directory);
        }
        var gone = new CountDownLatch(1);
        session.onHangup(gone::countDown);
        try (ImageServer server =
                ImageServer.start(directory, address(options.value("l").orElse(DEFAULT)), options.has("w"))) {
            InetSocketAddress at = server.address();
            session.err("Serving the images in " + directory + " at http://"
                    + at.getAddress().getHostAddress() + ":" + at.getPort());
            gone.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        String port = text.substring(colon + 1);
        String host = colon < 0 ? "127.0.0.1" : text.substring(0, colon).replaceAll("[\\[\\]]", "");
        if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65_535 || !host.matches("[0-9a-fA-F.:]+")) {
            throw new OpException(Code.USAGE, "not ADDRESS:PORT: \"" + text + "\"");
        }
        try {
            return new InetSocketAddress(InetAddress.getByName(host), Integer.parseInt(port));
        } catch (UnknownHostException e) {
            throw new OpException(Code.USAGE, "not ADDRESS:PORT: \"" + text + "\"", e);
        }
    }
}
