package zonda.commands;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.dtrace.Dtrace;

/**
 * A caller in a zone, at the other end of its socket. Its answers are read by a thread of their own; output is kept for a
 * moment, so that many small pieces go as one.
 */
final class ZoneTerminal implements Dtrace.Terminal {
    private static final int LARGEST_PIECE = 32 << 10;
    private static final int LONGEST_ANSWER = 512 << 10;
    private static final long PATIENCE = 20;
    /** What the client puts between its answers for an interrupt; it is no part of base64. */
    private static final int INTERRUPT = '!';

    private static final Answer GONE = new Answer(false, "the caller is gone");

    private final Path directory;
    private final InputStream in;
    private final OutputStream out;
    private final ReentrantLock lock = new ReentrantLock();
    private final ByteArrayOutputStream held = new ByteArrayOutputStream();
    private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
    private final List<Runnable> interrupts = new ArrayList<>();
    private boolean flushing;
    private boolean interrupted;

    private record Answer(boolean done, String text) {}

    ZoneTerminal(Path directory, InputStream in, OutputStream out) {
        this.directory = directory;
        this.in = in;
        this.out = out;
    }

    /** Reads what the client says from now on. */
    void listen() {
        Thread.ofVirtual().name("dtrace-answers").start(() -> {
            try {
                while (true) {
                    answers.add(answer(line()));
                }
            } catch (IOException e) {
                answers.add(GONE);
                interrupt();
            }
        });
    }

    private static Answer answer(String line) throws IOException {
        String[] words = line.strip().split(" ", 2);
        String text = words.length > 1 ? ZoneRequest.decoded(words[1]) : "";
        return switch (words[0]) {
            case "A" -> new Answer(true, text);
            case "N" -> new Answer(false, text);
            default -> throw new IOException("not an answer: " + words[0]);
        };
    }

    private String line() throws IOException {
        var line = new StringBuilder();
        for (int one = in.read(); one != '\n'; one = in.read()) {
            if (one < 0 || line.length() >= LONGEST_ANSWER) {
                throw new IOException("the caller is gone, or talks too much");
            }
            if (one == INTERRUPT) {
                interrupt();
            } else {
                line.append((char) one);
            }
        }
        return line.toString();
    }

    private void interrupt() {
        List<Runnable> work;
        lock.lock();
        try {
            interrupted = true;
            work = List.copyOf(interrupts);
            interrupts.clear();
        } finally {
            lock.unlock();
        }
        work.forEach(Runnable::run);
    }

    /** Has the client end with a status. */
    void end(int status) throws IOException {
        lock.lock();
        try {
            flush();
            send("X " + status + "\n", new byte[0], 0, 0);
        } finally {
            lock.unlock();
        }
    }

    // What goes out. A caller that is gone is noticed by the thread that reads.

    private void send(String head, byte[] data, int offset, int length) throws IOException {
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        out.write(data, offset, length);
        out.flush();
    }

    private void pieces(char kind, byte[] data) throws IOException {
        for (int at = 0; at < data.length; at += LARGEST_PIECE) {
            int length = Math.min(LARGEST_PIECE, data.length - at);
            send(kind + " " + length + "\n", data, at, length);
        }
    }

    private void flush() throws IOException {
        byte[] data = held.toByteArray();
        held.reset();
        pieces('O', data);
    }

    private void hold(byte[] data) {
        lock.lock();
        try {
            held.writeBytes(data);
            if (held.size() >= LARGEST_PIECE) {
                flush();
            } else if (!flushing) {
                flushing = true;
                Thread.ofVirtual().name("dtrace-output").start(this::flushSoon);
            }
        } catch (IOException e) {
            held.reset();
        } finally {
            lock.unlock();
        }
    }

    private void flushSoon() {
        try {
            TimeUnit.MILLISECONDS.sleep(PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        lock.lock();
        try {
            flushing = false;
            flush();
        } catch (IOException e) {
            held.reset();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void out(String text) {
        hold(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void err(String line) {
        lock.lock();
        try {
            flush();
            pieces('E', (line + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            held.reset();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public OutputStream outStream() {
        return stream('O');
    }

    @Override
    public OutputStream errStream() {
        return stream('E');
    }

    private OutputStream stream(char kind) {
        return new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] data, int offset, int length) throws IOException {
                lock.lock();
                try {
                    flush();
                    pieces(kind, java.util.Arrays.copyOfRange(data, offset, offset + length));
                } finally {
                    lock.unlock();
                }
            }
        };
    }

    // What the caller does itself.

    private static String coded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Asks the client for something, and waits for its answer. @throws OpException with its words */
    private String ask(String head, byte[] data, String what) {
        lock.lock();
        try {
            flush();
            send(head + "\n", data, 0, data.length);
        } catch (IOException e) {
            throw new OpException(Code.FAILED, what + ": " + e.getMessage(), e);
        } finally {
            lock.unlock();
        }
        try {
            Answer answer = answers.take();
            if (answer == GONE) {
                answers.add(GONE);
            }
            if (!answer.done()) {
                throw new OpException(Code.FAILED, what.isEmpty() ? answer.text() : what + " (" + answer.text() + ")");
            }
            return answer.text();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OpException(Code.FAILED, "interrupted", e);
        }
    }

    @Override
    public String file(String path) {
        return ask("F " + coded(path), new byte[0], path);
    }

    @Override
    public void write(String path, String text, boolean append) {
        boolean more = append;
        byte[] all = text.getBytes(StandardCharsets.UTF_8);
        int at = 0;
        do {
            byte[] data = java.util.Arrays.copyOfRange(all, at, Math.min(all.length, at + LARGEST_PIECE));
            ask("W " + (more ? "a " : "r ") + coded(path) + " " + data.length, data, path);
            more = true;
            at += LARGEST_PIECE;
        } while (at < all.length);
    }

    @Override
    public void system(String command, String file) {
        ask("R " + (file.isEmpty() ? "-" : coded(file)) + " " + coded(command), new byte[0], "");
    }

    @Override
    public long start(List<String> command) {
        var lines = new StringBuilder();
        command.forEach(word -> lines.append(coded(word)).append('\n'));
        return number(ask("S " + command.size(), lines.toString().getBytes(StandardCharsets.US_ASCII), ""));
    }

    @Override
    public int status(long process) {
        return (int) number(ask("T " + process, new byte[0], ""));
    }

    private static long number(String text) {
        if (!text.matches("[0-9]{1,9}")) {
            throw new OpException(Code.FAILED, "the caller gave no number");
        }
        return Long.parseLong(text);
    }

    @Override
    public List<String> names(String path) {
        return ask("L " + coded(path), new byte[0], path).lines().toList();
    }

    @Override
    public Path directory() {
        return directory;
    }

    @Override
    public void onInterrupt(Runnable work) {
        boolean now;
        lock.lock();
        try {
            now = interrupted;
            if (!now) {
                interrupts.add(work);
            }
        } finally {
            lock.unlock();
        }
        if (now) {
            work.run();
        }
    }
}
