package zonda.dtrace.syntax;

/** What is wrong with a D program: an error tag such as D_SYNTAX, the line (0 when it is unknown), and words. */
public final class DError extends RuntimeException {
    private final String tag;
    private final int line;
    private final String region;

    public DError(String tag, int line, String message) {
        this(tag, line, message, "");
    }

    private DError(String tag, int line, String message, String region) {
        super(message, null, false, false);
        this.tag = tag;
        this.line = line;
        this.region = region;
    }

    /** The same within a part of a clause, such as "in action list". */
    public DError in(String part) {
        return region.isEmpty() ? new DError(tag, line, text(), part) : this;
    }

    /** The part of a clause that is wrong, or nothing. */
    public String region() {
        return region;
    }

    public String tag() {
        return tag;
    }

    public int line() {
        return line;
    }

    /** What it says, never null. */
    public String text() {
        return String.valueOf(getMessage());
    }
}
