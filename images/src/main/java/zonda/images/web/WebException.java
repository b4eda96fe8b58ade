package zonda.images.web;

import java.io.IOException;
import java.net.URI;

/** A server answered with an error, or what came isn't what was asked for. */
public final class WebException extends IOException {
    private final int status;

    WebException(String message) {
        super(message);
        this.status = 0;
    }

    WebException(String message, Throwable cause) {
        super(message, cause);
        this.status = 0;
    }

    WebException(URI uri, int status, String said) {
        super("GET " + Web.shown(uri) + ": HTTP " + status + (said.isBlank() ? "" : ": " + said));
        this.status = status;
    }

    /** The HTTP status, or 0 when it wasn't that. */
    public int status() {
        return status;
    }

    /** Whether the same request may be answered better a little later. */
    boolean mayPass() {
        return status >= 500 || status == 429 || status == 408;
    }
}
