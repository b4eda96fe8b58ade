package zonda.client;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Packs and unpacks the numbers and strings of a {@link Frame}'s payload. Confined to one thread. */
public final class Payload {
    private ByteBuffer buffer;

    private Payload(ByteBuffer buffer) {
        this.buffer = buffer;
    }

    public static Payload empty() {
        return new Payload(ByteBuffer.allocate(1024));
    }

    public static Payload of(Frame frame) {
        return new Payload(ByteBuffer.wrap(frame.payload()));
    }

    public Payload put(int number) {
        room(4).putInt(number);
        return this;
    }

    public Payload put(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        room(4 + bytes.length).putInt(bytes.length).put(bytes);
        return this;
    }

    public Payload put(byte[] data, int offset, int length) {
        room(4 + length).putInt(length).put(data, offset, length);
        return this;
    }

    public byte[] bytes() {
        byte[] packed = new byte[buffer.position()];
        buffer.get(0, packed);
        return packed;
    }

    /** @throws IOException when the payload ends before it */
    public int number() throws IOException {
        try {
            return buffer.getInt();
        } catch (BufferUnderflowException e) {
            throw new IOException("short payload", e);
        }
    }

    /** @throws IOException when the payload ends before it */
    public String string() throws IOException {
        return new String(data(), StandardCharsets.UTF_8);
    }

    /** @throws IOException when the payload ends before it */
    public byte[] data() throws IOException {
        int length = number();
        if (length < 0 || length > buffer.remaining()) {
            throw new IOException("short payload");
        }
        byte[] bytes = new byte[length];
        buffer.get(bytes);
        return bytes;
    }

    private ByteBuffer room(int more) {
        if (buffer.remaining() < more) {
            ByteBuffer larger = ByteBuffer.allocate(2 * (buffer.capacity() + more));
            buffer.flip();
            larger.put(buffer);
            buffer = larger;
        }
        return buffer;
    }
}
