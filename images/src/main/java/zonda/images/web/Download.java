package zonda.images.web;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * A file that is fetched, goes on where an earlier attempt of this or another process ended, and is checked to the last
 * bit before anyone gets it. Confined to its caller, who sees to it that nobody else writes the file.
 */
public final class Download {
    private static final int BUFFER = 256 * 1024;
    private static final int CONTINUATIONS = 1000;

    private final Web web;
    private final Path file;
    private final Expected expected;
    private final LongConsumer progress;

    /**
     * What must come.
     *
     * @param algorithm of the digest, as {@link MessageDigest} names it
     * @param digest in hex; empty when nobody knows it
     */
    public record Expected(Optional<Long> size, String algorithm, Optional<String> digest) {
        public static Expected sha256(String hex, long size) {
            return new Expected(Optional.of(size), "SHA-256", Optional.of(hex));
        }
    }

    /** @param progress called with numbers of bytes that are there; negative when they are fetched anew */
    public Download(Web web, Path file, Expected expected, LongConsumer progress) {
        this.web = web;
        this.file = file;
        this.expected = expected;
        this.progress = progress;
    }

    /** Where the request of each attempt comes from. */
    public interface Requests {
        Web.Request next() throws IOException;

        /** The last one was answered with 401: the next should have another authorization. */
        default void refused() throws IOException {}
    }

    /**
     * Fetches what is missing of the file and checks it. A file that was begun earlier and turns out wrong is fetched
     * anew, once.
     *
     * @throws WebException when the server refuses, or what came has another size or digest: the file is gone then
     */
    public void run(Requests requests) throws IOException {
        boolean begunEarlier = Files.exists(file) && Files.size(file) > 0;
        try {
            attempt(requests);
        } catch (Mismatch e) {
            progress.accept(-Files.size(file));
            Files.deleteIfExists(file);
            if (!begunEarlier) {
                throw new WebException(e.getMessage(), e);
            }
            try {
                attempt(requests);
            } catch (Mismatch again) {
                Files.deleteIfExists(file);
                throw new WebException(again.getMessage(), again);
            }
        }
    }

    private static final class Mismatch extends IOException {
        Mismatch(String message) {
            super(message);
        }

        @Override
        public String getMessage() {
            return String.valueOf(super.getMessage());
        }
    }

    private void attempt(Requests requests) throws IOException {
        try (var channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            var state = new State(channel, expected.algorithm());
            sum(state);
            boolean complete = expected.size().isPresent()
                    && channel.size() >= expected.size().get();
            if (!complete) {
                // A connection that breaks after having brought something is worth as many attempts again.
                boolean ended = false;
                for (int i = 0; !ended && i < CONTINUATIONS; i++) {
                    ended = web.again(() -> fetch(requests, state));
                }
            }
            check(state);
        }
    }

    /** What is on disk, and the digests of exactly that. */
    private static final class State {
        private final FileChannel channel;
        private final MessageDigest digest;
        /** Of what a server says it of only: it takes as long as the other digest. */
        private Optional<MessageDigest> md5 = Optional.empty();

        private Optional<String> contentMd5 = Optional.empty();
        private long size;
        private boolean renewed;

        State(FileChannel channel, String algorithm) {
            this.channel = channel;
            this.digest = Download.digest(algorithm);
        }

        void add(byte[] data, int length) {
            digest.update(data, 0, length);
            md5.ifPresent(sum -> sum.update(data, 0, length));
            size += length;
        }

        void clear() {
            digest.reset();
            md5.ifPresent(MessageDigest::reset);
            size = 0;
        }

        /** Before the first byte of a whole file. */
        void expectMd5(Optional<String> said) {
            contentMd5 = said;
            md5 = said.map(_ -> Download.digest("MD5"));
        }
    }

    /** One answer; true when it came to its end, false when it broke off after some progress. */
    private boolean fetch(Requests requests, State state) throws IOException {
        Web.Request request = requests.next();
        long have = state.size;
        Web.Request ranged = have == 0 ? request : request.with("Range", "bytes=" + have + "-");
        long before = have;
        try (Web.Body body = web.send(ranged)) {
            if (body.status() == 416 && expected.size().isEmpty()) {
                return true; // there is nothing after what we have
            }
            if (body.status() == 401 && !state.renewed) {
                state.renewed = true;
                requests.refused();
                return false;
            }
            if (body.status() / 100 != 2) {
                byte[] said = body.stream().readNBytes(1000);
                new Web.Answer(request.uri(), body.status(), body.headers(), said).orFail();
            }
            if (have > 0 && !continues(body, have)) {
                restart(state);
                before = 0;
            }
            if (body.status() == 200) {
                // Of a part it would be the part's.
                state.expectMd5(Optional.ofNullable(body.headers().get("content-md5")));
            }
            copy(body.stream(), state);
            boolean ended =
                    expected.size().isEmpty() || state.size >= expected.size().get();
            if (!ended && state.size == before) {
                throw new IOException("GET " + Web.shown(request.uri()) + ": nothing came");
            }
            return ended;
        } catch (WebException e) {
            throw e;
        } catch (IOException e) {
            if (state.size > before) {
                return false;
            }
            throw e;
        }
    }

    private static boolean continues(Web.Body body, long have) {
        return body.status() == 206
                && Optional.ofNullable(body.headers().get("content-range"))
                        .map(range -> range.startsWith("bytes " + have + "-"))
                        .orElse(false);
    }

    private void restart(State state) throws IOException {
        progress.accept(-state.size);
        state.channel.truncate(0);
        state.clear();
    }

    /** In pieces of the buffer's size; what came before the connection broke is kept. */
    private void copy(InputStream in, State state) throws IOException {
        byte[] buffer = new byte[BUFFER];
        long limit = expected.size().orElse(Long.MAX_VALUE);
        int filled = 0;
        try {
            // One byte more than there should be is enough to know that it is wrong.
            while (state.size + filled <= limit) {
                int got = in.read(buffer, filled, buffer.length - filled);
                if (got < 0) {
                    return;
                }
                filled += got;
                if (filled == buffer.length) {
                    append(state, buffer, filled);
                    filled = 0;
                }
            }
        } finally {
            append(state, buffer, filled);
        }
    }

    private void append(State state, byte[] buffer, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, length);
        while (bytes.hasRemaining()) {
            state.channel.write(bytes, state.size + bytes.position());
        }
        state.add(buffer, length);
        progress.accept(length);
    }

    private void sum(State state) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        for (int got = state.channel.read(buffer, 0); got > 0; got = state.channel.read(buffer, state.size)) {
            state.add(buffer.array(), got);
            progress.accept(got);
            buffer.clear();
        }
    }

    private void check(State state) throws Mismatch {
        if (expected.size().isPresent() && state.size != expected.size().get()) {
            throw new Mismatch("download " + file.getFileName() + ": got " + state.size + " bytes, expected "
                    + expected.size().get());
        }
        compare(expected.algorithm(), HexFormat.of().formatHex(state.digest.digest()), expected.digest());
        if (state.md5.isPresent()) {
            compare("MD5", Base64.getEncoder().encodeToString(state.md5.get().digest()), state.contentMd5);
        }
    }

    private void compare(String algorithm, String sum, Optional<String> wanted) throws Mismatch {
        if (wanted.isPresent() && !wanted.get().equals(sum)) {
            throw new Mismatch("download " + file.getFileName() + ": its " + algorithm + " is " + sum + ", expected "
                    + wanted.get());
        }
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("no " + algorithm + " in this JDK", e);
        }
    }
}
