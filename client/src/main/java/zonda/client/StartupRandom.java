package zonda.client;

import java.security.Provider;
import java.security.SecureRandomSpi;

/**
 * Keeps the client's start quick: the JDK's Unix-domain sockets make a SecureRandom when they are first used, for the
 * names of sockets that bind themselves, which a client never does, and a real one costs 20 to 45 ms of a cold start.
 *
 * <p>This provider answers for that one algorithm with a generator that is never a source of randomness: asked for bytes
 * it throws. It is named in the client image's own {@code java.security}; the daemon's runtime keeps the JDK's file.
 */
public final class StartupRandom extends Provider {
    public StartupRandom() {
        super("StartupRandom", "1", "no randomness: for programs that only connect");
        put("SecureRandom.NativePRNGNonBlocking", Refusing.class.getName());
    }

    /** Refuses. */
    public static final class Refusing extends SecureRandomSpi {
        public Refusing() {}

        @Override
        protected void engineSetSeed(byte[] seed) {
            throw new UnsupportedOperationException("the client has no source of randomness");
        }

        @Override
        protected void engineNextBytes(byte[] bytes) {
            throw new UnsupportedOperationException("the client has no source of randomness");
        }

        @Override
        protected byte[] engineGenerateSeed(int length) {
            throw new UnsupportedOperationException("the client has no source of randomness");
        }
    }
}
