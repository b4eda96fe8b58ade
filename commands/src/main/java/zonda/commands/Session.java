package zonda.commands;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import zonda.base.Code;
import zonda.base.Lane;
import zonda.base.OpException;
import zonda.client.Frame;
import zonda.client.Payload;
import zonda.storage.Caller;

/**
 * One run of a command: what the caller typed, and its terminal or pipes, at the other end of a connection.
 *
 * <p>The command's thread calls it; frames from the client come on the connection's reading thread. Output may be
 * written by any thread.
 */
public final class Session implements Lane.Caller {
    private static final byte[] END = new byte[0];
    /** Characters that one frame takes to a file; each may become three bytes. */
    private static final int MOST_WRITTEN = 1 << 17;

    /** How bytes get to the client. */
    interface Wire {
        void send(byte type, byte[] data, int offset, int length) throws IOException;
    }

    /** What the client said first. */
    public record Call(
            String tool, String terminals, String directory, List<String> arguments, Map<String, String> environment) {
        public Call {
            arguments = List.copyOf(arguments);
            environment = Map.copyOf(environment);
        }
    }

    /** A terminal's size. */
    public record Size(int rows, int columns) {}

    private final Call call;
    private final Wire wire;
    private final BlockingQueue<byte[]> input = new LinkedBlockingQueue<>();
    private final BlockingQueue<Frame> files = new LinkedBlockingQueue<>();
    private final List<Runnable> hangups = new ArrayList<>();
    private final List<Runnable> interrupts = new ArrayList<>();
    private volatile Consumer<Size> resized = _ -> {};
    private boolean gone;
    private boolean interrupted;

    private final Caller caller;

    Session(Call call, Caller caller, Wire wire) {
        this.call = call;
        this.caller = caller;
        this.wire = wire;
    }

    /** The same caller with other words. It must not have been asked for anything yet. */
    Session with(List<String> arguments) {
        var other = new Session.Call(call.tool(), call.terminals(), call.directory(), arguments, call.environment());
        return new Session(other, caller, wire);
    }

    /** Whose process the caller is. */
    public int uid() {
        return caller.uid();
    }

    /** As {@link #uid}, with its groups. */
    Caller caller() {
        return caller;
    }

    public List<String> arguments() {
        return call.arguments();
    }

    public Optional<String> environment(String name) {
        return Optional.ofNullable(call.environment().get(name));
    }

    public Map<String, String> environment() {
        return call.environment();
    }

    public boolean inputIsTerminal() {
        return call.terminals().contains("i");
    }

    public boolean outputIsTerminal() {
        return call.terminals().contains("o");
    }

    public boolean errorIsTerminal() {
        return call.terminals().contains("e");
    }

    /** Writes data. */
    public void out(String text) {
        send(Frame.OUT, text);
    }

    /** Writes words for people: one line. */
    public void err(String line) {
        send(Frame.ERR, line + "\n");
    }

    /** Writes to standard error as it is, for progress that redraws its line. */
    public void errRaw(String text) {
        send(Frame.ERR, text);
    }

    public OutputStream outStream() {
        return stream(Frame.OUT);
    }

    public OutputStream errStream() {
        return stream(Frame.ERR);
    }

    /** All of standard input. The client is asked for the next piece before this one came: there is no end but its own. */
    public byte[] allInput() throws IOException {
        send(Frame.WANT_INPUT, "");
        return in().readAllBytes();
    }

    /** Standard input; the client reads its own only as far as this is read. */
    public InputStream in() {
        return in(false);
    }

    /** Standard input for what reads all of it: while a piece is worked on, the client reads the next. */
    public InputStream streamIn() {
        return in(true);
    }

    private InputStream in(boolean ahead) {
        return new InputStream() {
            private byte[] piece = END;
            private int position;
            private boolean asked;
            private boolean ended;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                if (position == piece.length && !ended) {
                    if (!asked) {
                        wire.send(Frame.WANT_INPUT, END, 0, 0);
                    }
                    piece = take(input);
                    position = 0;
                    ended = piece.length == 0;
                    asked = ahead && !ended;
                    if (asked) {
                        wire.send(Frame.WANT_INPUT, END, 0, 0);
                    }
                }
                if (ended) {
                    return -1;
                }
                int given = Math.min(length, piece.length - position);
                System.arraycopy(piece, position, into, offset, given);
                position += given;
                return given;
            }
        };
    }

    /**
     * The content of a file, read by the client, who may read only what its user may.
     *
     * @throws OpException FAILED in the words of the client's system
     */
    public byte[] file(String path) {
        var content = new ByteArrayOutputStream();
        try (InputStream in = fileStream(path)) {
            in.transferTo(content);
            return content.toByteArray();
        } catch (IOException e) {
            throw new OpException(Code.FAILED, e.getMessage() == null ? "read " + path : e.getMessage(), e);
        }
    }

    /**
     * Has the client write to a file, so that nobody writes what its user may not.
     *
     * @param append whether at the end of what is there, which is replaced otherwise
     * @throws OpException FAILED in the words of the client's system
     */
    public void write(String path, String text, boolean append) {
        boolean more = append;
        int at = 0;
        do {
            int end = Math.min(text.length(), at + MOST_WRITTEN);
            // Both halves of a character go together.
            if (end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
                end++;
            }
            byte[] piece = text.substring(at, end).getBytes(StandardCharsets.UTF_8);
            write(path, piece, 0, piece.length, more);
            more = true;
            at = end;
        } while (at < text.length());
    }

    /**
     * Has the client run a command with /bin/sh, as the caller would, and waits until it has ended.
     *
     * @param file what its output is added to; empty for the caller's standard output
     * @throws OpException FAILED in the words of the client's system when it can't be started
     */
    public void run(String command, String file) {
        ask(Frame.RUN, Payload.empty().put(file).put(command), "run " + command);
    }

    /** As {@link #write(String, String, boolean)}, of bytes, no more than a frame takes. */
    void write(String path, byte[] data, int offset, int length, boolean append) {
        Payload request = Payload.empty().put(path).put(append ? 1 : 0).put(data, offset, length);
        ask(Frame.WRITE, request, "write " + path);
    }

    /** Has the client give a file that it wrote its name, or remove it when that is empty. @see Frame#NAME */
    void name(String path, String name) {
        ask(Frame.NAME, Payload.empty().put(path).put(name), "name " + path);
    }

    private void ask(byte type, Payload payload, String what) {
        byte[] request = payload.bytes();
        try {
            wire.send(type, request, 0, request.length);
            Frame answer = take(files);
            if (answer.type() == Frame.FILE_ERROR) {
                throw new OpException(Code.FAILED, answer.text());
            }
        } catch (IOException e) {
            throw new OpException(Code.FAILED, what + ": " + e.getMessage(), e);
        }
    }

    /**
     * Has the client start a program, as the caller would, which waits stopped before its first instruction.
     *
     * @return the number of its process
     * @throws OpException FAILED in the words of the client's system
     */
    public long start(List<String> command) {
        Payload request = Payload.empty().put(command.size());
        command.forEach(request::put);
        return Long.parseLong(ask(Frame.START, request.bytes(), "start " + command.getFirst()));
    }

    /** How a process that the client started has ended: its status, or 128 and a signal's number. */
    public int status(long process) {
        return Integer.parseInt(
                ask(Frame.STATUS, Payload.empty().put((int) process).bytes(), "wait for " + process));
    }

    /** Names in a directory that the caller may read; none when it isn't there. */
    public List<String> names(String path) {
        return ask(Frame.NAMES, path.getBytes(StandardCharsets.UTF_8), "list " + path)
                .lines()
                .toList();
    }

    /** One question to the client, whose answer is a text. */
    private String ask(byte type, byte[] request, String what) {
        try {
            wire.send(type, request, 0, request.length);
            var answer = new ByteArrayOutputStream();
            while (true) {
                Frame frame = take(files);
                if (frame.type() == Frame.FILE_ERROR) {
                    throw new OpException(Code.FAILED, frame.text());
                }
                if (frame.payload().length == 0) {
                    return answer.toString(StandardCharsets.UTF_8);
                }
                answer.writeBytes(frame.payload());
            }
        } catch (IOException e) {
            throw new OpException(Code.FAILED, what + ": " + e.getMessage(), e);
        }
    }

    /** The content of a file as it comes; one file at a time. Its reads fail in the words of the client's system. */
    public InputStream fileStream(String path) {
        send(Frame.OPEN, path);
        return new InputStream() {
            private byte[] piece = END;
            private int position;
            private boolean ended;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                if (position == piece.length && !ended) {
                    Frame frame = take(files);
                    if (frame.type() == Frame.FILE_ERROR) {
                        ended = true;
                        throw new IOException(frame.text());
                    }
                    piece = frame.payload();
                    position = 0;
                    ended = piece.length == 0;
                }
                if (ended) {
                    return -1;
                }
                int given = Math.min(length, piece.length - position);
                System.arraycopy(piece, position, into, offset, given);
                position += given;
                return given;
            }
        };
    }

    /** A path of the caller's, absolute. */
    public java.nio.file.Path path(String text) {
        return java.nio.file.Path.of(call.directory()).resolve(text).normalize();
    }

    /** Puts the caller's terminal into raw mode for the rest of the session; the size is told now and when it changes. */
    public void raw(Consumer<Size> listener) {
        resized = listener;
        send(Frame.RAW, "");
    }

    @Override
    public void tell(String words) {
        err(words);
    }

    @Override
    public synchronized boolean isGone() {
        return gone;
    }

    /** Has the work done when the caller goes away; at once if it has. */
    public synchronized void onHangup(Runnable work) {
        if (gone) {
            work.run();
        } else {
            hangups.add(work);
        }
    }

    /** Has the work done when the caller asks for an end and waits for it; at once if that has happened. */
    public synchronized void onInterrupt(Runnable work) {
        if (interrupted) {
            work.run();
        } else {
            interrupts.add(work);
        }
    }

    private void interrupted() {
        List<Runnable> work;
        synchronized (this) {
            interrupted = true;
            work = List.copyOf(interrupts);
            interrupts.clear();
        }
        work.forEach(Runnable::run);
    }

    private OutputStream stream(byte type) {
        return new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                wire.send(type, new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] data, int offset, int length) throws IOException {
                for (int at = 0; at < length; at += CommandServer.PIECE) {
                    wire.send(type, data, offset + at, Math.min(CommandServer.PIECE, length - at));
                }
            }
        };
    }

    /** A caller that has gone away doesn't stop an operation, so its absence is no error here. */
    private void send(byte type, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try {
            for (int at = 0; at == 0 || at < bytes.length; at += CommandServer.PIECE) {
                wire.send(type, bytes, at, Math.min(CommandServer.PIECE, bytes.length - at));
            }
        } catch (IOException e) {
            hangup();
        }
    }

    private <T> T take(BlockingQueue<T> queue) throws IOException {
        try {
            return queue.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Makes reading of standard input end, whoever waits for it. */
    void endInput() {
        input.add(END);
    }

    /** On the connection's thread: what the client sent. */
    void received(Frame frame) throws IOException {
        switch (frame.type()) {
            case Frame.IN -> input.add(frame.payload());
            case Frame.FILE, Frame.FILE_ERROR -> files.add(frame);
            case Frame.INTERRUPT -> interrupted();
            case Frame.RESIZE -> {
                var payload = Payload.of(frame);
                resized.accept(new Size(payload.number(), payload.number()));
            }
            default -> throw new IOException("unexpected frame " + frame.type());
        }
    }

    /** On the connection's thread, when the client is gone. */
    void hangup() {
        List<Runnable> work;
        synchronized (this) {
            gone = true;
            work = List.copyOf(hangups);
            hangups.clear();
        }
        input.add(END);
        files.add(new Frame(Frame.FILE_ERROR, "the caller went away".getBytes(StandardCharsets.UTF_8)));
        work.forEach(Runnable::run);
    }
}
