package zonda.commands;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.images.HostImages;
import zonda.images.ImageServer;

/** serve of imgadm(8): an IMGAPI server until the caller goes away. */
final class ImgadmServe {
    private static final String DEFAULT = "127.0.0.1:8081";

    private ImgadmServe() {}

    static void serve(Session session, Getopt options, HostImages images) {
        if (options.operands().size() > 1) {
            throw new OpException(Code.USAGE, "which directory is to be served? give one, or none");
        }
        InetSocketAddress address = address(options.value("l").orElse(DEFAULT));
        if (options.operands().isEmpty()) {
            if (options.has("w")) {
                throw new OpException(Code.USAGE, "-w needs a directory: images are installed by imgadm import");
            }
            serve(session, "Serving the installed images", ImageServer.start(images, address));
            return;
        }
        Path directory = session.path(options.operands().getFirst());
        if (!Files.isDirectory(directory)) {
            throw new OpException(Code.FAILED, "not a directory: " + directory);
        }
        serve(session, "Serving the images in " + directory, ImageServer.start(directory, address, options.has("w")));
    }

    private static void serve(Session session, String what, ImageServer server) {
        var gone = new CountDownLatch(1);
        session.onHangup(gone::countDown);
        try (server) {
            InetSocketAddress at = server.address();
            session.err(what + " at http://" + at.getAddress().getHostAddress() + ":" + at.getPort());
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
