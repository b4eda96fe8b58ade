package zonda.base;

/** Why a request was refused: the process exit status (SmartOS' where it has one) and the HTTP status it stands for. */
public enum Code {
    /** The operation was tried and failed, or the thing's state forbids it. */
    FAILED(1, 500),
    /** The thing named is not there. */
    NOT_FOUND(1, 404),
    /** A thing of this name or address is there already, or is busy. */
    CONFLICT(1, 409),
    /** The payload or a value in it is wrong. */
    INVALID(1, 422),
    /** The words of the command line are wrong. */
    USAGE(2, 400),
    /** imgadm's own status for an image, or its origin, that is not installed. */
    IMAGE_NOT_INSTALLED(3, 404),
    /** Known, and its effect comes with a later version. */
    NOT_SUPPORTED(1, 501),
    /** A pool is full, or what a dataset may take, or what is kept free for others leaves no room. */
    NO_SPACE(1, 507),
    /** The caller may not do this. */
    DENIED(1, 403);

    private final int exitStatus;
    private final int httpStatus;

    Code(int exitStatus, int httpStatus) {
        this.exitStatus = exitStatus;
        this.httpStatus = httpStatus;
    }

    public int exitStatus() {
        return exitStatus;
    }

    public int httpStatus() {
        return httpStatus;
    }
}
