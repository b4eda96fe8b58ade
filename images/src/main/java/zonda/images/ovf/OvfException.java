package zonda.images.ovf;

/** What is wrong with an appliance, in a sentence for whoever gave it. */
public final class OvfException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public OvfException(String message) {
        super(message);
    }

    OvfException(String message, Throwable cause) {
        super(message, cause);
    }
}
