package zonda.images.tar;

import java.io.IOException;

/** The archive is not what it says it is: damaged, cut off, or made to do harm. */
public class TarException extends IOException {
    public TarException(String message) {
        super(message);
    }

    public TarException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The message, never null. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
