package zonda.zstream;

import java.util.Arrays;

/** Whether content is nothing but zeros, and so can be a hole. */
final class Zeros {
    private static final byte[] SOME = new byte[64 * 1024];

    private Zeros() {}

    static boolean are(byte[] bytes, int length) {
        for (int at = 0; at < length; at += SOME.length) {
            int end = Math.min(length, at + SOME.length);
            if (!Arrays.equals(bytes, at, end, SOME, 0, end - at)) {
                return false;
            }
        }
        return true;
    }
}
