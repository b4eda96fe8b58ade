package zonda.commands;

import java.io.ByteArrayOutputStream;

/** Finds the way out in what is typed, across pieces of any size. Confined to one thread. */
final class EscapeFilter {
    private static final int CONTROL_BRACKET = 0x1d;

    private final ConsoleRelay.Escape escape;
    private boolean lineStart = true;
    private boolean tilde;

    EscapeFilter(ConsoleRelay.Escape escape) {
        this.escape = escape;
    }

    /** What goes on to the zone, and whether the way out was typed. */
    record Passed(byte[] keys, boolean left) {}

    Passed pass(byte[] typed, int length) {
        var keys = new ByteArrayOutputStream();
        for (int i = 0; i < length; i++) {
            byte key = typed[i];
            if (escape == ConsoleRelay.Escape.CONTROL_BRACKET) {
                if (key == CONTROL_BRACKET) {
                    return new Passed(keys.toByteArray(), true);
                }
                keys.write(key);
            } else if (tilde && key == '.') {
                return new Passed(keys.toByteArray(), true);
            } else if (lineStart && key == '~' && !tilde) {
                tilde = true;
            } else {
                if (tilde) {
                    keys.write('~');
                    // Two tildes stand for one.
                    if (key != '~') {
                        keys.write(key);
                    }
                } else {
                    keys.write(key);
                }
                tilde = false;
                lineStart = key == '\r' || key == '\n';
            }
        }
        return new Passed(keys.toByteArray(), false);
    }
}
