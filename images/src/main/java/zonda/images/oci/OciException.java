package zonda.images.oci;

import java.io.IOException;

/** An image isn't as the specification has it, or isn't for this host. */
public final class OciException extends IOException {
    public OciException(String message) {
        super(message);
    }

    public OciException(String message, Throwable cause) {
        super(message, cause);
    }
}
