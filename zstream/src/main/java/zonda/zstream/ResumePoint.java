package zonda.zstream;

/**
 * Where in a snapshot a stream goes on that resumes another: with this object's content from this offset on, and then
 * with the objects after it. What is before came already, and the record that was there last comes once more.
 */
public record ResumePoint(long object, long offset) {
    /** Where a receive is that has nothing yet. */
    static final ResumePoint START = new ResumePoint(1, 0);

    private static final String OBJECT = "resume_object";
    private static final String OFFSET = "resume_offset";

    public ResumePoint {
        if (object < 0 || offset < 0) {
            throw StreamException.stream("it can't be resumed at object " + Long.toUnsignedString(object) + ", offset "
                    + Long.toUnsignedString(offset));
        }
    }

    /** What the head of a stream that resumes says of it. */
    NvList list() {
        return NvList.EMPTY.with(OBJECT, NvList.number(object)).with(OFFSET, NvList.number(offset));
    }

    /** @throws StreamException when the head doesn't say it */
    static ResumePoint of(NvList list) {
        return new ResumePoint(list.requireNumber(OBJECT), list.requireNumber(OFFSET));
    }
}
