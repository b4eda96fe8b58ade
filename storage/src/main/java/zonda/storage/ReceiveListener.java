package zonda.storage;

import zonda.zstream.StreamHeader;

/** Who is told how a receive goes. */
public interface ReceiveListener {
    /** Nobody. */
    ReceiveListener NONE = new ReceiveListener() {};

    /** A snapshot begins. @param to the full name it gets */
    default void begins(StreamHeader header, String to) {}

    /** A clone comes of this snapshot. @param isGiven whether the caller said so */
    default void origin(String snapshot, boolean isGiven) {}

    /** A snapshot was there already. */
    default void passedOver(String to) {}

    /** A snapshot is there. @param bytes of the stream that it took */
    default void ended(long bytes) {}

    /** Something is not as the sender has it, and the receive goes on. */
    default void warning(String words) {}
}
