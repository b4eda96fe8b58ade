package zonda.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** What unix(7) sockets can do beyond Java's channels: who the peer is, passing descriptors, sequenced packets. */
public final class UnixSocket {
    private static final int AF_UNIX = 1;
    private static final int SOCK_SEQPACKET = 5;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERCRED = 17;
    private static final int SO_PEERGROUPS = 59;
    /** NGROUPS_MAX of linux/limits.h. */
    private static final int MOST_GROUPS = 65_536;

    private static final int SCM_RIGHTS = 1;
    private static final int MSG_NOSIGNAL = 0x4000;
    /** A control message's header and one descriptor, aligned. */
    private static final int CONTROL_OF_ONE = 24;

    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int SUN_PATH_LENGTH = 108;

    /** socket(2). */
    private static final CFunction SOCKET = CFunction.of("socket");
    /** connect(2). */
    private static final CFunction CONNECT = CFunction.of("connect");
    /** getsockopt(2). */
    private static final CFunction GETSOCKOPT = CFunction.of("getsockopt");
    /** recvmsg(2). */
    private static final CFunction RECVMSG = CFunction.of("recvmsg");

    /** sendmsg(2). */
    private static final CFunction SENDMSG = CFunction.of("sendmsg");

    private UnixSocket() {}

    /** The process at the other end when it connected, as the kernel saw it (SO_PEERCRED). */
    public record Peer(int pid, int uid, int gid) {}

    /** @throws KernelException as getsockopt(2) */
    public static Peer peer(SocketChannel channel) {
        try (Arena arena = Arena.ofConfined()) {
            int number = number(channel);
            MemorySegment credentials = arena.allocate(12, 4);
            MemorySegment length = arena.allocateFrom(JAVA_INT, 12);
            GETSOCKOPT.call(
                    "getsockopt SO_PEERCRED",
                    channel,
                    number,
                    SOL_SOCKET,
                    SO_PEERCRED,
                    credentials.address(),
                    length.address());
            return new Peer(
                    credentials.getAtIndex(JAVA_INT, 0),
                    credentials.getAtIndex(JAVA_INT, 1),
                    credentials.getAtIndex(JAVA_INT, 2));
        }
    }

    /**
     * All groups of the process at the other end when it connected, the one of its credentials included: SO_PEERGROUPS of
     * socket(7), Linux 4.13.
     *
     * @throws KernelException as getsockopt(2)
     */
    public static Set<Integer> peerGroups(SocketChannel channel) {
        try (Arena arena = Arena.ofConfined()) {
            int number = number(channel);
            MemorySegment groups = arena.allocate(MOST_GROUPS * 4L, 4);
            MemorySegment length = arena.allocateFrom(JAVA_INT, MOST_GROUPS * 4);
            GETSOCKOPT.call(
                    "getsockopt SO_PEERGROUPS",
                    channel,
                    number,
                    SOL_SOCKET,
                    SO_PEERGROUPS,
                    groups.address(),
                    length.address());
            var all = new HashSet<Integer>();
            all.add(peer(channel).gid());
            for (int i = 0; i < length.get(JAVA_INT, 0) / 4; i++) {
                all.add(groups.getAtIndex(JAVA_INT, i));
            }
            return Set.copyOf(all);
        }
    }

    /** What is done with a socket's address. */
    @FunctionalInterface
    public interface AtAddress<T> {
        T with(UnixDomainSocketAddress address) throws IOException;
    }

    /**
     * Binds or connects to a socket, however long its path is: through its directory's descriptor, since an address has
     * room for 107 bytes only (unix(7)).
     *
     * @throws KernelException as openat(2) of the directory
     */
    public static <T> T at(Path socket, AtAddress<T> work) throws IOException {
        Path parent = socket.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IOException("no directory holds " + socket);
        }
        try (Fd directory = Fd.openDirectory(parent)) {
            return work.with(UnixDomainSocketAddress.of(directory.procPath().resolve(socket.getFileName())));
        }
    }

    /**
     * Connects to the socket that is at a path, and to no other: where those in whom the caller has no trust may write into
     * its directory, a symbolic link of that name could lead anywhere.
     *
     * @throws IOException also when what is there is no socket
     * @throws KernelException as open(2)
     */
    public static SocketChannel connect(Path socket) throws IOException {
        try (Fd found = Fd.open(socket, Fd.O_PATH | Fd.O_NOFOLLOW, 0)) {
            if (FileCalls.stat(found, "").kind() != FileStat.Kind.SOCKET) {
                throw new IOException("it is no socket");
            }
            return SocketChannel.open(UnixDomainSocketAddress.of(found.procPath()));
        }
    }

    /**
     * Connects to a sequenced-packet socket, such as conmon's attach socket.
     *
     * @throws KernelException as socket(2) and connect(2)
     */
    public static Fd connectSeqPacket(Path path) {
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        if (name.length >= SUN_PATH_LENGTH) {
            throw new IllegalArgumentException("socket path is longer than 107 bytes: " + path);
        }
        int number = SOCKET.call("socket", path, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        var fd = new Fd(number, path.toString());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(2 + SUN_PATH_LENGTH, 2);
            address.set(JAVA_SHORT, 0, (short) AF_UNIX);
            MemorySegment.copy(name, 0, address, JAVA_BYTE, 2, name.length);
            int length = (int) address.byteSize();
            CONNECT.call("connect", path, number, address.address(), length);
            return fd;
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * Waits for one message and takes the descriptor that came with it (SCM_RIGHTS, cmsg(3)).
     *
     * @throws IllegalStateException when the message carries none
     */
    public static Fd receiveDescriptor(SocketChannel channel) {
        return Blocking.call(() -> {
            try (Arena arena = Arena.ofConfined()) {
                int number = number(channel);
                MemorySegment data = arena.allocate(4096);
                MemorySegment control = arena.allocate(64, 8);
                MemorySegment message = messageHeader(arena, data, control);
                RECVMSG.callLong("recvmsg", channel, number, message.address(), MSG_CMSG_CLOEXEC);
                boolean carriesOne = message.get(JAVA_LONG, 40) >= 20
                        && control.get(JAVA_INT, 8) == SOL_SOCKET
                        && control.get(JAVA_INT, 12) == SCM_RIGHTS;
                if (!carriesOne) {
                    throw new IllegalStateException("no descriptor came over " + channel);
                }
                return new Fd(control.get(JAVA_INT, 16), "descriptor received");
            }
        });
    }

    /**
     * Sends a message with a descriptor (SCM_RIGHTS, cmsg(3)): the peer has it, too, then.
     *
     * @throws KernelException as sendmsg(2)
     * @throws IllegalStateException when the peer takes only a part of the message
     */
    public static void sendDescriptor(SocketChannel channel, byte[] text, Fd descriptor) {
        Blocking.call(() -> {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment data = arena.allocateFrom(JAVA_BYTE, text);
                MemorySegment control = arena.allocate(CONTROL_OF_ONE, 8);
                control.set(JAVA_LONG, 0, 20);
                control.set(JAVA_INT, 8, SOL_SOCKET);
                control.set(JAVA_INT, 12, SCM_RIGHTS);
                control.set(JAVA_INT, 16, descriptor.number());
                MemorySegment message = messageHeader(arena, data, control);
                long sent = SENDMSG.callLong("sendmsg", channel, number(channel), message.address(), MSG_NOSIGNAL);
                if (sent != text.length) {
                    throw new IllegalStateException(sent + " of " + text.length + " bytes went over " + channel);
                }
                return sent;
            }
        });
    }

    /** struct msghdr of one buffer and one control block, 64-bit: bits/socket.h. */
    private static MemorySegment messageHeader(Arena arena, MemorySegment data, MemorySegment control) {
        MemorySegment vector = arena.allocate(16, 8);
        vector.set(ADDRESS, 0, data);
        vector.set(JAVA_LONG, 8, data.byteSize());
        MemorySegment message = arena.allocate(56, 8);
        message.set(ADDRESS, 16, vector);
        message.set(JAVA_LONG, 24, 1);
        message.set(ADDRESS, 32, control);
        message.set(JAVA_LONG, 40, control.byteSize());
        return message;
    }

    /** The descriptor behind a channel: needs java.base's sun.nio.ch exported to this module at run time. */
    private static int number(SocketChannel channel) {
        try {
            Class<?> selectable = Class.forName("sun.nio.ch.SelChImpl");
            return (int) selectable.getMethod("getFDVal").invoke(channel);
        } catch (ClassNotFoundException
                | NoSuchMethodException
                | IllegalAccessException
                | InvocationTargetException e) {
            throw new IllegalStateException("start Java with --add-exports java.base/sun.nio.ch=zonda.kernel", e);
        }
    }
}
