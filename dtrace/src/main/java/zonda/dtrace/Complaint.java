package zonda.dtrace;

/** What ends a session, in words. */
final class Complaint extends RuntimeException {
    Complaint(String message) {
        super(message, null, false, false);
    }
}
