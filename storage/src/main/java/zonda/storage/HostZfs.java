package zonda.storage;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Command;

/** The programs of this host. */
final class HostZfs implements ZfsProgram {
    private static final int BUFFER = 128 << 10;

    private static Command command(List<String> words) {
        List<String> argv = new ArrayList<>(words);
        if (OF_ZFS.contains(words.getFirst())) {
            argv.set(
                    0,
                    ZfsProgram.place(words.getFirst())
                            .orElseThrow(() -> new OpException(
                                    Code.FAILED,
                                    words.getFirst() + " of OpenZFS is not installed: install zfsutils-linux"))
                            .toString());
        }
        return Command.of(argv);
    }

    @Override
    public Command.Result run(List<String> words) {
        return command(words).run(LIMIT);
    }

    /** What the program itself wouldn't take any more, since it has ended and says why. */
    private static final class NotTaken extends IOException {
        NotTaken(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    @Override
    public Command.Result feed(List<String> words, Consumer<OutputStream> input) {
        Process process = command(words).start();
        FutureTask<String> out = reading(process.getInputStream());
        FutureTask<String> err = reading(process.getErrorStream());
        boolean isFed = false;
        try (OutputStream in = new Guarded(process.getOutputStream())) {
            input.accept(in);
            isFed = true;
        } catch (UncheckedIOException e) {
            if (!(e.getCause() instanceof NotTaken)) {
                throw e;
            }
        } catch (IOException e) {
            if (!(e instanceof NotTaken)) {
                throw new UncheckedIOException(e);
            }
        } finally {
            if (!isFed) {
                // Its input has ended, and so does it; what it made of that is nobody's concern but its own.
                await(process);
            }
        }
        return new Command.Result(await(process), text(out), text(err));
    }

    @Override
    public Command.Result pour(List<String> words, OutputStream out) {
        Process process = command(words).start();
        FutureTask<String> err = reading(process.getErrorStream());
        try (InputStream in = process.getInputStream()) {
            process.getOutputStream().close();
            byte[] part = new byte[BUFFER];
            for (int got = in.read(part); got >= 0; got = in.read(part)) {
                out.write(part, 0, got);
            }
        } catch (IOException e) {
            process.destroy();
            await(process);
            throw new UncheckedIOException("write the ZFS stream: " + e.getMessage(), e);
        }
        return new Command.Result(await(process), "", text(err));
    }

    private static FutureTask<String> reading(InputStream from) {
        var task = new FutureTask<>(() -> new String(from.readAllBytes(), StandardCharsets.UTF_8));
        Thread.ofVirtual().name("zfs-output").start(task);
        return task;
    }

    private static String text(FutureTask<String> task) {
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        } catch (java.util.concurrent.ExecutionException e) {
            return "";
        }
    }

    private static int await(Process process) {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new OpException(Code.FAILED, "waiting for OpenZFS was interrupted");
        }
    }

    /** Tells what fails here from what fails where the stream comes from. */
    private static final class Guarded extends OutputStream {
        private final OutputStream to;

        Guarded(OutputStream to) {
            this.to = to;
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            try {
                to.write(bytes, from, length);
            } catch (IOException e) {
                throw new NotTaken(e);
            }
        }

        @Override
        public void close() throws IOException {
            try {
                to.close();
            } catch (IOException e) {
                throw new NotTaken(e);
            }
        }
    }
}
