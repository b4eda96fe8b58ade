package zonda.zstream;

import zonda.base.Code;
import zonda.base.OpException;

/**
 * A stream that can't be taken: damaged, cut off, hostile, or of a kind that isn't read here. The message says where: at
 * which byte of the stream the record began, or which object is meant.
 */
public final class StreamException extends OpException {
    /** What is wrong with a stream, as far as zfs(8) has a word for it. */
    public enum Fault {
        /** It ends before its end. */
        INCOMPLETE,
        /** It isn't what the sender wrote. */
        CHECKSUM,
        OTHER
    }

    private final Fault fault;

    private StreamException(Code code, String message) {
        super(code, message);
        this.fault = Fault.OTHER;
    }

    private StreamException(Code code, String message, Throwable cause) {
        super(code, message, cause);
        this.fault = Fault.OTHER;
    }

    private StreamException(Fault fault, long offset, String what) {
        super(Code.INVALID, "ZFS stream, record at byte " + offset + ": " + what);
        this.fault = fault;
    }

    public Fault fault() {
        return fault;
    }

    static StreamException incomplete(long offset, String what) {
        return new StreamException(Fault.INCOMPLETE, offset, what);
    }

    static StreamException checksum(long offset, String what) {
        return new StreamException(Fault.CHECKSUM, offset, what);
    }

    /** The record that begins at this byte is wrong. */
    static StreamException at(long offset, String what) {
        return new StreamException(Code.INVALID, "ZFS stream, record at byte " + offset + ": " + what);
    }

    /** What the stream says of an object can't be. */
    static StreamException of(long object, String what) {
        return new StreamException(Code.INVALID, "ZFS stream, object " + object(object) + ": " + what);
    }

    /** The stream as a whole can't be. */
    static StreamException stream(String what) {
        return new StreamException(Code.INVALID, "ZFS stream: " + what);
    }

    static StreamException stream(String what, Throwable cause) {
        return new StreamException(Code.INVALID, "ZFS stream: " + what, cause);
    }

    /** Well formed, and of a kind that isn't read here. */
    static StreamException refused(String what) {
        return new StreamException(Code.NOT_SUPPORTED, "ZFS stream: " + what);
    }

    /** It would change something that isn't as it must be. */
    static StreamException conflict(String what) {
        return new StreamException(Code.CONFLICT, "ZFS stream: " + what);
    }

    /** The host failed while an object was written or read. */
    static StreamException host(long object, RuntimeException cause) {
        return new StreamException(
                Code.FAILED, "ZFS stream, object " + object(object) + ": " + cause.getMessage(), cause);
    }

    private static String object(long object) {
        return Long.toUnsignedString(object);
    }
}
