package zonda.kernel;

import static zonda.kernel.NetlinkMessage.CREATE;
import static zonda.kernel.NetlinkNumbers.*;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One atomic change of the elements of an nftables table's sets, through nfnetlink: nft(8), linux/netfilter/nf_tables.h.
 * Packets see all of it or nothing. It takes tens of microseconds, where starting {@code nft} takes tens of milliseconds.
 */
public final class NftElements {
    /** A message carries at most this many elements: the list's length is a 16-bit number of bytes. */
    private static final int PER_MESSAGE = 200;

    private static final byte[] NONE = {};

    private final Family family;
    private final String table;
    private final List<NetlinkMessage> messages = new ArrayList<>();

    /** The families of nft(8) that are used here. */
    public enum Family {
        BRIDGE(NFPROTO_BRIDGE),
        INET(NFPROTO_INET);

        private final int number;

        Family(int number) {
            this.number = number;
        }
    }

    /**
     * An element: the bytes that the set's key has in the kernel, each part of a concatenation padded to four.
     *
     * @param end the last key of a range, for a set with {@code flags interval}
     */
    public record Element(String set, byte[] key, Optional<byte[]> end) {
        /** Compares the bytes, which a record by itself would not. */
        @Override
        public boolean equals(Object other) {
            return other instanceof Element element
                    && set.equals(element.set)
                    && Arrays.equals(key, element.key)
                    && Arrays.equals(end.orElse(NONE), element.end.orElse(NONE));
        }

        @Override
        public int hashCode() {
            return 31 * set.hashCode() + Arrays.hashCode(key);
        }
    }

    public NftElements(Family family, String table) {
        this.family = family;
        this.table = table;
    }

    /** Empties the set. */
    public NftElements flush(String set) {
        messages.add(request("NFT_MSG_DELSETELEM", set, NFT_MSG_DELSETELEM, 0));
        return this;
    }

    /** Adds the elements; fine for those that are there. */
    public NftElements add(List<Element> elements) {
        return change("NFT_MSG_NEWSETELEM", NFT_MSG_NEWSETELEM, CREATE, elements);
    }

    /** Takes the elements out. The whole change fails with ENOENT when one isn't there. */
    public NftElements remove(List<Element> elements) {
        return change("NFT_MSG_DELSETELEM", NFT_MSG_DELSETELEM, 0, elements);
    }

    private NftElements change(String call, int type, int flags, List<Element> elements) {
        int from = 0;
        while (from < elements.size()) {
            int to = from + 1;
            String set = elements.get(from).set();
            while (to < elements.size()
                    && to - from < PER_MESSAGE
                    && elements.get(to).set().equals(set)) {
                to++;
            }
            List<Element> piece = elements.subList(from, to);
            messages.add(request(call, set, type, flags)
                    .nested(NFTA_SET_ELEM_LIST_ELEMENTS, list -> piece.forEach(element -> write(list, element))));
            from = to;
        }
        return this;
    }

    private static void write(NetlinkMessage list, Element element) {
        list.nested(NFTA_LIST_ELEM, item -> {
            item.nested(NFTA_SET_ELEM_KEY, key -> key.attribute(NFTA_DATA_VALUE, element.key()));
            element.end()
                    .ifPresent(end -> item.nested(NFTA_SET_ELEM_KEY_END, key -> key.attribute(NFTA_DATA_VALUE, end)));
        });
    }

    private NetlinkMessage request(String call, String set, int type, int flags) {
        return nfgenmsg(
                        new NetlinkMessage(call, table + " " + set, NFNL_SUBSYS_NFTABLES << 8 | type, flags),
                        family.number)
                .attribute(NFTA_SET_ELEM_LIST_TABLE, table)
                .attribute(NFTA_SET_ELEM_LIST_SET, set);
    }

    /** Does all of it, or nothing. @throws KernelException ENOENT when table, set or an element to remove isn't there */
    public void commit() {
        if (messages.isEmpty()) {
            return;
        }
        transact(messages);
    }

    /** Whether the table is there. */
    public static boolean tableExists(Family family, String table) {
        try (var socket = NetlinkSocket.open(NetlinkSocket.NETFILTER)) {
            var message =
                    new NetlinkMessage("NFT_MSG_GETTABLE", table, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0);
            socket.query(nfgenmsg(message, family.number).attribute(NFTA_TABLE_NAME, table), 4);
            return true;
        } catch (KernelException e) {
            if (e.is(Errno.ENOENT)) {
                return false;
            }
            throw e;
        }
    }

    /** Deletes the table with all that is in it. Fine when it isn't there. */
    public static void deleteTable(Family family, String table) {
        var message = new NetlinkMessage("NFT_MSG_DELTABLE", table, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE, 0);
        try {
            transact(List.of(nfgenmsg(message, family.number).attribute(NFTA_TABLE_NAME, table)));
        } catch (KernelException e) {
            if (!e.is(Errno.ENOENT)) {
                throw e;
            }
        }
    }

    /**
     * A batch between its marks. The kernel reports every message that failed, in order, and the last one's
     * acknowledgement says that all was done (nfnetlink_rcv_batch in net/netfilter/nfnetlink.c).
     */
    private static void transact(List<NetlinkMessage> messages) {
        List<NetlinkMessage> batch = new ArrayList<>();
        batch.add(mark("NFNL_MSG_BATCH_BEGIN", NFNL_MSG_BATCH_BEGIN));
        batch.addAll(messages);
        messages.getLast().acknowledged();
        batch.add(mark("NFNL_MSG_BATCH_END", NFNL_MSG_BATCH_END));
        try (var socket = NetlinkSocket.open(NetlinkSocket.NETFILTER)) {
            if (messages.size() > 8) {
                socket.enlargeBuffers();
            }
            socket.execute(batch);
        }
    }

    /** struct nfgenmsg; its last field is in network byte order, and for the marks names the subsystem. */
    private static NetlinkMessage mark(String call, int type) {
        boolean little = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
        return new NetlinkMessage(call, "nftables", type, 0)
                .u8(AF_UNSPEC)
                .u8(0)
                .u16(little ? NFNL_SUBSYS_NFTABLES << 8 : NFNL_SUBSYS_NFTABLES);
    }

    private static NetlinkMessage nfgenmsg(NetlinkMessage message, int family) {
        return message.u8(family).u8(0).u16(0);
    }
}
