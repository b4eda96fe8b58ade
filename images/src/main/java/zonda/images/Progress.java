package zonda.images;

/**
 * Where an operation tells how far it is. Called from several threads at a time. Whoever implements it never throws and
 * returns soon.
 */
public interface Progress {
    /** Tells nobody. */
    Progress NONE = new Progress() {
        @Override
        public void say(String line) {}

        @Override
        public Step begin(String name, long total) {
            return _ -> {};
        }
    };

    /** A line for the operator, such as {@code Installing image …}. */
    void say(String line);

    /**
     * A part of the work begins; parts may overlap.
     *
     * @param total bytes, or 0 when nobody knows
     */
    Step begin(String name, long total);

    /** A part of the work; closed at its end, however it ends. */
    interface Step extends AutoCloseable {
        /** So many more bytes are done. */
        void advance(long bytes);

        @Override
        default void close() {}
    }
}
