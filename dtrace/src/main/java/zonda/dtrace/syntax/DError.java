package zonda.dtrace.syntax;

/** What is wrong with a D program: an error tag such as D_SYNTAX, the line (0 when it is unknown), and words. */
public final class DError extends RuntimeException {
    private final String tag;
    private final int line;

    public DError(String tag, int line, String message) {
        super(message, null, false, false);
        this.tag = tag;
        this.line = line;
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
