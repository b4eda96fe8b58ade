package zonda.commands;

import java.io.IOException;
import java.io.OutputStream;

/**
 * A file of the caller's that is there whole or not at all: it is written under another name, by the client, and gets its
 * own when all of it is on disk.
 */
final class CallerFile implements AutoCloseable {
    private final Session session;
    private final String path;
    private final String unfinished;
    private boolean begun;
    private boolean kept;

    CallerFile(Session session, String path) {
        this.session = session;
        this.path = path;
        this.unfinished = path + ".partial";
    }

    /** @throws zonda.base.OpException in the words of the client's system, also when only a later piece can't be written */
    OutputStream out() {
        return new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] data, int offset, int length) {
                for (int at = 0; at < length; at += CommandServer.PIECE) {
                    session.write(unfinished, data, offset + at, Math.min(CommandServer.PIECE, length - at), begun);
                    begun = true;
                }
            }
        };
    }

    /** Gives it its name, in place of what is there. */
    void keep() {
        session.name(unfinished, path);
        kept = true;
    }

    @Override
    public void close() {
        if (begun && !kept) {
            session.name(unfinished, "");
        }
    }
}
