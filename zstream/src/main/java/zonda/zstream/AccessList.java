package zonda.zstream;

import java.io.ByteArrayOutputStream;

/** The access control list that says what a mode says, as ZFS keeps it beside the mode: sys/zfs_acl.h. */
final class AccessList {
    private static final int ALLOW = 0;
    private static final int DENY = 1;
    private static final int OWNER = 0x1000;
    private static final int GROUP = 0x2040;
    private static final int EVERYONE = 0x4000;

    /** Attributes, ACL and owner: to read for all, to write for the owner; and to wait for the disk. */
    private static final int ALL = 0x120088;

    private static final int OWNERS = 0x1e0198;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final boolean isDirectory;
    private int count;

    private AccessList(boolean isDirectory) {
        this.isDirectory = isDirectory;
    }

    /** @param entries of 8 bytes each, in the little byte order */
    record Packed(byte[] entries, int count) {}

    /** Entries that deny come where someone has less than those after them, who they may be one of. */
    static Packed of(int mode, boolean isDirectory) {
        int owner = mode >> 6 & 7;
        int group = mode >> 3 & 7;
        int others = mode & 7;
        var list = new AccessList(isDirectory);
        int ownerLacks = (group | others) & ~owner;
        int groupLacks = others & ~group;
        if ((owner & groupLacks) != 0) {
            list.add(ALLOW, OWNER, owner & groupLacks, 0);
        }
        if (ownerLacks != 0) {
            list.add(DENY, OWNER, ownerLacks, 0);
        }
        if (groupLacks != 0) {
            list.add(DENY, GROUP, groupLacks, 0);
        }
        list.add(ALLOW, OWNER, owner, OWNERS);
        list.add(ALLOW, GROUP, group, ALL);
        list.add(ALLOW, EVERYONE, others, ALL);
        return new Packed(list.out.toByteArray(), list.count);
    }

    private void add(int type, int who, int bits, int base) {
        int mask = base;
        mask |= (bits & 4) != 0 ? 0x1 : 0;
        mask |= (bits & 2) != 0 ? 0x6 | (isDirectory ? 0x40 : 0) : 0;
        mask |= (bits & 1) != 0 ? 0x20 : 0;
        byte[] entry = new byte[8];
        Words.LITTLE.put16(entry, 0, type);
        Words.LITTLE.put16(entry, 2, who);
        Words.LITTLE.put32(entry, 4, mask);
        out.writeBytes(entry);
        count++;
    }
}
