package zonda.client;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * One message between client and daemon: a type byte, the payload's length (32 bit, big-endian), the payload.
 *
 * <p>Numbers in payloads are 32 bit big-endian; a string is its length in bytes and its UTF-8 text.
 */
public record Frame(byte type, byte[] payload) {
    // Client to daemon.
    /** First: command name, terminal letters, working directory, arguments, environment names and values. */
    public static final byte ARGV = 1;
    /** Standard input, one piece for one {@link #WANT_INPUT}; empty at its end. */
    public static final byte IN = 2;
    /** Rows, columns: the terminal's size, after {@link #RAW} and whenever it changes. */
    public static final byte RESIZE = 3;
    /** A piece of the file that was asked for with {@link #OPEN}; empty at its end. */
    public static final byte FILE = 4;
    /** The file can't be read: why. */
    public static final byte FILE_ERROR = 5;

    /** The user wants an end (SIGINT, SIGTERM or SIGHUP), and waits for what there is still to say. */
    public static final byte INTERRUPT = 6;

    // Daemon to client.
    public static final byte OUT = 17;
    public static final byte ERR = 18;
    /** Exit status; the last frame. */
    public static final byte EXIT = 19;
    /** Send one more piece of standard input. */
    public static final byte WANT_INPUT = 20;
    /** Put the terminal into raw mode and tell its size. */
    public static final byte RAW = 21;
    /** Send the content of this path, relative to the working directory. */
    public static final byte OPEN = 22;

    /**
     * Write to a file: its path, relative to the working directory; 1 to add at its end and 0 to replace it; the bytes. The
     * answer is an empty {@link #FILE}, or {@link #FILE_ERROR}.
     */
    public static final byte WRITE = 23;

    /**
     * Run a command with /bin/sh as the caller would: a file that its output is added to, or nothing for the caller's own
     * standard output; the command. The answer is an empty {@link #FILE} when it has ended, or {@link #FILE_ERROR}.
     */
    public static final byte RUN = 24;

    /**
     * Start a program as the caller would, with its standard streams: how many words, then these. It stops itself before
     * the program's first instruction. The answer is {@link #FILE} with the process' number as text, which ends with an
     * empty one, or {@link #FILE_ERROR}.
     */
    public static final byte START = 25;

    /** How a process of {@link #START} has ended: its number. The answer is as for START, with the status as text. */
    public static final byte STATUS = 26;

    /** Names in a directory, by its path. The answer is {@link #FILE} with one on each line; none when it isn't there. */
    public static final byte NAMES = 27;

    /**
     * Give a file that was written its name: the path that it has, and the one that it gets once it is on disk, in place of
     * what is there; or nothing, to remove it. The answer is an empty {@link #FILE}, or {@link #FILE_ERROR}.
     */
    public static final byte NAME = 28;

    /** Larger frames are refused: nobody sends them, so what came is not this protocol. */
    static final int MAX_PAYLOAD = 1 << 20;

    private static final int HEADER = 5;

    /** Reads the next frame. @throws EOFException at the end of the stream */
    public static Frame read(InputStream in) throws IOException {
        byte[] header = in.readNBytes(HEADER);
        if (header.length < HEADER) {
            throw new EOFException("the connection was closed");
        }
        int length = ByteBuffer.wrap(header).getInt(1);
        if (length < 0 || length > MAX_PAYLOAD) {
            throw new IOException("frame of " + length + " bytes");
        }
        byte[] payload = in.readNBytes(length);
        if (payload.length < length) {
            throw new EOFException("the connection was closed within a frame");
        }
        return new Frame(header[0], payload);
    }

    /** Writes a frame whole. Callers of one channel must take turns. */
    public static void write(SocketChannel channel, byte type, byte[] data, int offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(HEADER + length);
        buffer.put(type).putInt(length).put(data, offset, length).flip();
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    public String text() {
        return new String(payload, StandardCharsets.UTF_8);
    }
}
