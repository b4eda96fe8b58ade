package zonda.images;

import java.util.List;
import java.util.UUID;
import zonda.base.OpException;

/** An operation on images that was refused or failed, with imgadm's own code for it. */
public final class ImageException extends OpException {
    private final ImageError error;

    public ImageException(ImageError error, String message) {
        super(error.code(), message);
        this.error = error;
    }

    public ImageException(ImageError error, String message, Throwable cause) {
        super(error.code(), message, cause);
        this.error = error;
    }

    public ImageError error() {
        return error;
    }

    /** The line that imgadm prints on stderr. */
    public String line(String command) {
        return "imgadm " + command + ": error (" + error.label() + "): " + getMessage();
    }

    static ImageException notInstalled(UUID uuid, String pool) {
        return new ImageException(
                ImageError.IMAGE_NOT_INSTALLED, "image \"" + uuid + "\" was not found on zpool \"" + pool + "\"");
    }

    static ImageException originNotInstalled(UUID uuid, String pool) {
        return new ImageException(
                ImageError.ORIGIN_NOT_INSTALLED,
                "origin image \"" + uuid + "\" was not found on zpool \"" + pool + "\"");
    }

    static ImageException hasClones(UUID uuid, List<String> clones) {
        return new ImageException(
                ImageError.IMAGE_HAS_DEPENDENT_CLONES,
                "image \"" + uuid + "\" has dependent clones: " + String.join(", ", clones));
    }

    static ImageException usage(String message) {
        return new ImageException(ImageError.USAGE, message);
    }
}
