package zonda.images;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import zonda.base.Json;
import zonda.images.web.Web;

/** Puts an image on an IMGAPI server: {@code imgadm publish}. */
public final class ImagePublisher {
    private static final int BUFFER = 128 << 10;

    private final Images.Setup setup;
    private final Source server;

    ImagePublisher(Images.Setup setup, Source server) {
        this.setup = setup;
        this.server = server;
    }

    /**
     * Sends manifest and file, and activates the image. What was begun is taken back when the file doesn't get there.
     *
     * @param file is read once
     * @throws ImageException UPLOAD_ERROR, CLIENT_ERROR with what the server answered
     */
    public void publish(Manifest manifest, Supplier<InputStream> file, Progress progress) {
        String title = manifest.title();
        try (Web web = setup.web(server.insecure())) {
            String image = "/images/" + manifest.uuid();
            send(
                    web,
                    "POST",
                    "/images",
                    HttpRequest.BodyPublishers.ofString(manifest.json().compact()));
            progress.say("Created image " + title + " at \"" + server.shown() + "\"");
            try {
                send(web, "PUT", image + "/file" + query(manifest), HttpRequest.BodyPublishers.ofInputStream(file));
                progress.say("Added its file");
                send(web, "POST", image + "?action=activate", HttpRequest.BodyPublishers.noBody());
            } catch (IOException e) {
                takeBack(web, image, e);
                throw new ImageException(ImageError.UPLOAD_ERROR, "publish " + title + ": " + e.getMessage(), e);
            }
            progress.say("Activated image " + title);
        } catch (IOException e) {
            throw new ImageException(ImageError.CLIENT_ERROR, "publish " + title + ": " + e.getMessage(), e);
        }
    }

    /**
     * Makes an image's file and publishes it. The file is made first: the server is told its sum, and may be asked again.
     *
     * @return the manifest, complete
     * @throws ImageException FILE_SYSTEM, and as {@link #publish(Manifest, Supplier, Progress)}
     */
    public Manifest publish(NewImage image, Progress progress) {
        Path file = setup.paths().downloads().resolve(image.manifest().uuid() + ".publish");
        try {
            Files.createDirectories(setup.paths().downloads());
            Manifest complete;
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), BUFFER)) {
                complete = image.write(out);
            }
            publish(complete, () -> open(file), progress);
            return complete;
        } catch (IOException e) {
            throw new ImageException(ImageError.FILE_SYSTEM, "write " + file + ": " + e, e);
        } finally {
            delete(file);
        }
    }

    private static InputStream open(Path file) {
        try {
            return Files.newInputStream(file);
        } catch (IOException e) {
            throw new ImageException(ImageError.FILE_SYSTEM, "read " + file + ": " + e, e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new ImageException(ImageError.FILE_SYSTEM, "delete " + file + ": " + e, e);
        }
    }

    private static String query(Manifest manifest) {
        Json.Obj file =
                manifest.json().array("files").objects().stream().findFirst().orElse(Json.Obj.EMPTY);
        return "?compression=" + encoded(file.string("compression", "none"))
                + manifest.file().sha1().map(sum -> "&sha1=" + encoded(sum)).orElse("")
                + manifest.datasetGuid()
                        .map(guid -> "&dataset_guid=" + encoded(guid))
                        .orElse("");
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private void takeBack(Web web, String image, IOException reason) {
        try {
            send(web, "DELETE", image, HttpRequest.BodyPublishers.noBody());
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    private void send(Web web, String method, String path, HttpRequest.BodyPublisher body) throws IOException {
        Web.Request request = Imgapi.request(server, path, Optional.empty()).with("Content-Type", "application/json");
        web.send(method, request, body).orFail();
    }
}
