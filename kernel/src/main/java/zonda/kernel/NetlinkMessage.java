package zonda.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * One netlink(7) request under construction: header, fixed part, attributes. Numbers are in the host's byte order unless
 * the method says otherwise; each attribute is padded to four bytes.
 */
final class NetlinkMessage {
    /** Flags of nlmsghdr, linux/netlink.h. REQUEST is always set. */
    static final int ACK = 0x4;

    static final int REPLACE = 0x100;
    static final int EXCLUSIVE = 0x200;
    static final int CREATE = 0x400;
    static final int DUMP = 0x300;

    private static final int REQUEST = 0x1;
    private static final int NESTED = 0x8000;
    private static final int HEADER = 16;

    private final String call;
    private final String target;
    private ByteBuffer buffer = ByteBuffer.allocate(256).order(ByteOrder.nativeOrder());

    /** @param call the message's name in the kernel's header, and {@code target} what it is about: for errors */
    NetlinkMessage(String call, String target, int type, int flags) {
        this.call = call;
        this.target = target;
        buffer.putInt(0).putShort((short) type).putShort((short) (flags | REQUEST));
        buffer.putInt(0).putInt(0);
    }

    String call() {
        return call;
    }

    String target() {
        return target;
    }

    /** Asks for an acknowledgement. */
    NetlinkMessage acknowledged() {
        buffer.putShort(6, (short) (buffer.getShort(6) | ACK));
        return this;
    }

    boolean isDump() {
        return (buffer.getShort(6) & DUMP) != 0;
    }

    boolean wantsAck() {
        return (buffer.getShort(6) & ACK) != 0;
    }

    NetlinkMessage u8(int value) {
        room(1).put((byte) value);
        return this;
    }

    NetlinkMessage u16(int value) {
        room(2).putShort((short) value);
        return this;
    }

    NetlinkMessage u32(int value) {
        room(4).putInt(value);
        return this;
    }

    NetlinkMessage attribute(int type, byte[] value) {
        room(4).putShort((short) (4 + value.length)).putShort((short) type);
        room(value.length).put(value);
        return pad();
    }

    NetlinkMessage attribute8(int type, int value) {
        return attribute(type, new byte[] {(byte) value});
    }

    NetlinkMessage attribute32(int type, int value) {
        room(8).putShort((short) 8).putShort((short) type).putInt(value);
        return this;
    }

    /** A string with its final zero. */
    NetlinkMessage attribute(int type, String value) {
        byte[] text = value.getBytes(StandardCharsets.UTF_8);
        return attribute(type, Arrays.copyOf(text, text.length + 1));
    }

    /** An attribute of attributes, with NLA_F_NESTED, which nftables insists on and rtnetlink accepts. */
    NetlinkMessage nested(int type, Consumer<NetlinkMessage> content) {
        int start = buffer.position();
        room(4).putInt(0);
        content.accept(this);
        buffer.putShort(start, (short) (buffer.position() - start)).putShort(start + 2, (short) (type | NESTED));
        return this;
    }

    /** The bytes to send, with the sequence number that the answer will carry. */
    byte[] bytes(int sequence) {
        buffer.putInt(0, buffer.position()).putInt(8, sequence);
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    /** The bytes after the header, for tests. */
    byte[] payload() {
        return Arrays.copyOfRange(buffer.array(), HEADER, buffer.position());
    }

    private NetlinkMessage pad() {
        while ((buffer.position() & 3) != 0) {
            u8(0);
        }
        return this;
    }

    private ByteBuffer room(int bytes) {
        if (buffer.remaining() < bytes) {
            var larger = ByteBuffer.allocate(Math.max(buffer.capacity() * 2, buffer.position() + bytes))
                    .order(ByteOrder.nativeOrder());
            buffer = larger.put(buffer.flip());
        }
        return buffer;
    }
}
