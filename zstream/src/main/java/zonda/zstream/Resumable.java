package zonda.zstream;

/**
 * How a receive is kept that can be cut short and gone on with.
 *
 * @param name of a directory beside what is restored, where all is that came so far; nothing in the stream is named so
 * @param keeper of what is there
 */
public record Resumable(String name, Keeper keeper) {
    /** Who keeps the state of a receive for the case that it is cut short. */
    public interface Keeper {
        /** Whether it is time to keep what came. @param bytes of the stream that came since the last time */
        boolean isDue(long bytes);

        /** Keeps the place with the directory as it is at this moment. @param token how far the receive is */
        void keep(ResumeToken token);
    }
}
