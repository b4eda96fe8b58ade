package zonda.kernel;

/**
 * Who owns a file and who may do what with it.
 *
 * @param mode 07777 at most
 */
public record Access(int mode, int uid, int gid) {
    public Access {
        if (mode < 0 || mode > 07777) {
            throw new IllegalArgumentException("mode " + Integer.toOctalString(mode));
        }
    }

    /** Of root:root. */
    public static Access root(int mode) {
        return new Access(mode, 0, 0);
    }
}
