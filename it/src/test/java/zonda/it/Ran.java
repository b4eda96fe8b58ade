package zonda.it;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import zonda.base.Json;

/**
 * How a command ended: its exit status and what it wrote.
 *
 * @param status {@link #LOST} when the daemon went away before it said
 */
record Ran(int status, byte[] bytes, String err) {
    static final int LOST = -1;

    String out() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    Json.Obj json() {
        return Json.parseObject(out());
    }

    boolean isLost() {
        return status == LOST;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Ran ran
                && status == ran.status
                && Arrays.equals(bytes, ran.bytes)
                && err.equals(ran.err);
    }

    @Override
    public int hashCode() {
        return Objects.hash(status, Arrays.hashCode(bytes), err);
    }

    @Override
    public String toString() {
        return "exit " + status + "\nstdout: " + out() + "\nstderr: " + err;
    }
}
