package zonda.base;

/** A request that was refused or failed for a reason the operator can act on; the message is what they read. */
public class OpException extends RuntimeException {
    private final Code code;

    public OpException(Code code, String message) {
        super(message);
        this.code = code;
    }

    public OpException(Code code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    public Code code() {
        return code;
    }

    /** The message, never null. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
