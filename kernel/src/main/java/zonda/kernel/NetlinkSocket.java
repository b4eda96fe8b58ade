package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A netlink(7) socket of one protocol, in the network namespace of the thread that opened it, used by one thread at a
 * time.
 *
 * <p>rtnetlink and nfnetlink work off a request inside send(2), so its answers wait in the socket when send returns, and
 * nothing here blocks for longer than the kernel's own locks.
 */
final class NetlinkSocket implements AutoCloseable {
    /** Protocols of netlink(7). */
    static final int ROUTE = 0;

    static final int NETFILTER = 12;

    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW_CLOEXEC = 3 | 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int SOL_NETLINK = 270;
    private static final int NETLINK_CAP_ACK = 10;
    private static final int NETLINK_EXT_ACK = 11;
    private static final int NETLINK_GET_STRICT_CHK = 12;
    private static final int MSG_DONTWAIT = 0x40;

    private static final int NLMSG_ERROR = 2;
    private static final int NLMSG_DONE = 3;
    private static final int NLMSGERR_ATTR_MSG = 1;
    private static final int HEADER = 16;

    /** A dump's piece is at most 32 KiB (netlink_dump in af_netlink.c); acknowledgements are smaller. */
    private static final int RECEIVE_SIZE = 64 << 10;

    private static final int BUFFER_LIMIT = 8 << 20;

    /** socket(2). */
    private static final CFunction SOCKET = CFunction.of("socket");
    /** setsockopt(2). */
    private static final CFunction SETSOCKOPT = CFunction.of("setsockopt");
    /** send(2). */
    private static final CFunction SEND = CFunction.of("send");
    /** recv(2). */
    private static final CFunction RECV = CFunction.of("recv");

    private final Fd fd;
    private int sequence = 1;

    private NetlinkSocket(Fd fd) {
        this.fd = fd;
    }

    /** @throws KernelException as socket(2) */
    static NetlinkSocket open(int protocol) {
        int number = SOCKET.call("socket AF_NETLINK", protocol, AF_NETLINK, SOCK_RAW_CLOEXEC, protocol);
        var socket = new NetlinkSocket(new Fd(number, "netlink socket"));
        try {
            socket.option(SOL_NETLINK, NETLINK_CAP_ACK, 1);
            socket.option(SOL_NETLINK, NETLINK_EXT_ACK, 1);
            if (protocol == ROUTE) {
                socket.option(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
            }
            return socket;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** Makes room for one transaction of many elements; needs CAP_NET_ADMIN over the host. */
    void enlargeBuffers() {
        option(SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_LIMIT);
        option(SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_LIMIT);
    }

    private void option(int level, int option, int value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocateFrom(JAVA_INT, value);
            SETSOCKOPT.call("setsockopt " + option, fd, fd.number(), level, option, number.address(), 4);
        }
    }

    /**
     * Sends one message and waits for its acknowledgement.
     *
     * @throws KernelException with the message's name, its target and the kernel's own words
     */
    void execute(NetlinkMessage message) {
        execute(List.of(message));
    }

    /**
     * Sends the messages in one go. The kernel works them off in order, also after one that failed, unless they are an
     * nftables batch.
     *
     * @throws KernelException for the first that failed
     */
    void execute(List<NetlinkMessage> messages) {
        int first = send(messages);
        int acks = (int) messages.stream().filter(NetlinkMessage::wantsAck).count();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment into = arena.allocate(RECEIVE_SIZE, 8);
            while (acks > 0) {
                for (Received received : receive(into, messages.getLast())) {
                    if (received.type() != NLMSG_ERROR) {
                        continue;
                    }
                    acks--;
                    throwIfRefused(received, messages, first);
                }
            }
        }
    }

    /** The one answer to a request, parsed behind its fixed part. @throws KernelException when refused */
    NetlinkAnswer query(NetlinkMessage message, int fixedLength) {
        return answers(message, fixedLength).stream()
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no answer to " + message.call()));
    }

    /** All answers to a request with {@link NetlinkMessage#DUMP}. @throws KernelException when refused */
    List<NetlinkAnswer> dump(NetlinkMessage message, int fixedLength) {
        return answers(message, fixedLength);
    }

    private List<NetlinkAnswer> answers(NetlinkMessage message, int fixedLength) {
        int first = send(List.of(message));
        List<NetlinkAnswer> answers = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment into = arena.allocate(RECEIVE_SIZE, 8);
            while (true) {
                for (Received received : receive(into, message)) {
                    switch (received.type()) {
                        case NLMSG_DONE -> {
                            return answers;
                        }
                        case NLMSG_ERROR -> throwIfRefused(received, List.of(message), first);
                        default -> answers.add(NetlinkAnswer.parse(received.type(), received.payload(), fixedLength));
                    }
                }
                if (!message.isDump()) {
                    return answers;
                }
            }
        }
    }

    private int send(List<NetlinkMessage> messages) {
        int first = sequence;
        try (Arena arena = Arena.ofConfined()) {
            List<byte[]> pieces = new ArrayList<>();
            int length = 0;
            for (NetlinkMessage message : messages) {
                byte[] bytes = message.bytes(sequence++);
                pieces.add(bytes);
                length += bytes.length;
            }
            MemorySegment all = arena.allocate(length, 4);
            long at = 0;
            for (byte[] piece : pieces) {
                MemorySegment.copy(piece, 0, all, JAVA_BYTE, at, piece.length);
                at += piece.length;
            }
            long size = length;
            NetlinkMessage message = messages.getFirst();
            SEND.callLong("send " + message.call(), message.target(), fd.number(), all.address(), size, 0);
        }
        return first;
    }

    private record Received(int type, int sequence, int flags, ByteBuffer payload) {}

    private List<Received> receive(MemorySegment into, NetlinkMessage about) {
        long length = RECV.callLong(
                "recv after " + about.call(),
                about.target(),
                fd.number(),
                into.address(),
                into.byteSize(),
                MSG_DONTWAIT);
        // A copy, since answers outlive the segment.
        var bytes = ByteBuffer.wrap(into.asSlice(0, length).toArray(JAVA_BYTE)).order(ByteOrder.nativeOrder());
        List<Received> messages = new ArrayList<>();
        int at = 0;
        while (at + HEADER <= length) {
            int size = bytes.getInt(at);
            if (size < HEADER || at + size > length) {
                throw new IllegalStateException("netlink message of " + size + " bytes after " + about.call());
            }
            messages.add(new Received(
                    bytes.getShort(at + 4) & 0xffff,
                    bytes.getInt(at + 8),
                    bytes.getShort(at + 6) & 0xffff,
                    NetlinkAnswer.slice(bytes, at + HEADER, size - HEADER)));
            at += (size + 3) & ~3;
        }
        return messages;
    }

    /** NLMSG_ERROR: the negated errno, the header it is about, then (EXT_ACK) attributes with the reason in words. */
    private static void throwIfRefused(Received received, List<NetlinkMessage> messages, int first) {
        int error = received.payload().getInt(0);
        if (error == 0) {
            return;
        }
        int index = Math.clamp(received.sequence() - first, 0, messages.size() - 1);
        NetlinkMessage message = messages.get(index);
        String reason = Optional.ofNullable(
                        NetlinkAnswer.attributes(received.payload(), 4 + HEADER).get(NLMSGERR_ATTR_MSG))
                .map(text -> " (" + NetlinkAnswer.text(text) + ")")
                .orElse("");
        throw new KernelException(message.call(), message.target() + reason, -error);
    }

    @Override
    public void close() {
        fd.close();
    }
}
