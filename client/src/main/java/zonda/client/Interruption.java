package zonda.client;

import java.io.IOException;

/**
 * Tells the daemon of a signal instead of ending at once. It is a shutdown hook: the machine waits for it, and meanwhile
 * the main thread goes on receiving, until the last frame has it halt.
 */
final class Interruption extends Thread {
    private static final long LONGEST_MS = 30_000;

    private final Connection connection;

    Interruption(Connection connection) {
        super("interruption");
        this.connection = connection;
    }

    @Override
    public void run() {
        try {
            connection.send(Frame.INTERRUPT, new byte[0]);
            // The main thread halts the machine; this is for a daemon that doesn't answer.
            Thread.sleep(LONGEST_MS);
        } catch (IOException gone) {
            // There is nobody to tell.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
