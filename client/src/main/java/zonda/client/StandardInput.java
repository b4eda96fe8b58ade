package zonda.client;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.util.concurrent.Semaphore;

/** Sends standard input piece by piece, each when the daemon wants it. Runs on a thread of its own. */
final class StandardInput extends Thread {
    private static final int PIECE = 64 * 1024;

    private final Connection connection;
    private final Semaphore wanted = new Semaphore(0);

    StandardInput(Connection connection) {
        super("stdin");
        this.connection = connection;
        setDaemon(true);
    }

    void want() {
        wanted.release();
    }

    @Override
    public void run() {
        byte[] piece = new byte[PIECE];
        // Not closed: the descriptor is the process's own.
        FileInputStream in = new FileInputStream(FileDescriptor.in);
        try {
            while (true) {
                wanted.acquireUninterruptibly();
                int length = Math.max(0, in.read(piece));
                connection.send(Frame.IN, piece, length);
                if (length == 0) {
                    return;
                }
            }
        } catch (IOException e) {
            try {
                connection.send(Frame.IN, new byte[0], 0);
            } catch (IOException gone) {
                // Nobody is left to tell.
            }
        }
    }
}
