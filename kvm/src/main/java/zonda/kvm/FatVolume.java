package zonda.kvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * A small disk with a FAT16 file system of a few files, as every guest can read it: Microsoft's "FAT: General Overview of
 * On-Disk Format", 1.03. There is no partition table, and no directory but the root.
 */
public final class FatVolume {
    private static final int SECTOR = 512;
    private static final int CLUSTER = 4 * SECTOR;
    private static final int SECTORS = 32_768;
    private static final int FAT_SECTORS = 32;
    private static final int FATS = 2;
    private static final int ROOT_ENTRIES = 512;
    private static final int ENTRY = 32;
    private static final int ROOT = (1 + FATS * FAT_SECTORS) * SECTOR;
    private static final int DATA = ROOT + ROOT_ENTRIES * ENTRY;
    private static final int LETTERS_OF_ENTRY = 13;
    /** Where the letters of a long name are in each of its entries. */
    private static final int[] LETTERS = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};

    private static final int MEDIA = 0xf8;
    private static final int LAST = 0xffff;
    private static final int READ_ONLY = 0x01;
    private static final int LABEL = 0x08;
    private static final int LONG_NAME = 0x0f;
    private static final int LAST_OF_NAME = 0x40;
    /** 1 January 1980, the first day that there is. */
    private static final int DAY = 0x21;

    private final ByteBuffer disk = ByteBuffer.allocate(SECTORS * SECTOR).order(ByteOrder.LITTLE_ENDIAN);
    private int entry = ROOT;
    private int cluster = 2;
    private int files;

    private FatVolume() {}

    /**
     * The disk, of which most is zeros.
     *
     * @param label in capitals, at most 11
     * @param files by name: ASCII, at most 255 letters
     * @throws OpException INVALID when there is more than fits, 16 MiB
     */
    public static byte[] of(String label, Map<String, byte[]> files) {
        var volume = new FatVolume();
        volume.head(label, files);
        files.forEach(volume::file);
        return volume.disk.array();
    }

    private void head(String label, Map<String, byte[]> files) {
        byte[] padded = padded(label);
        disk.put(0, new byte[] {(byte) 0xeb, 0x3c, (byte) 0x90});
        disk.put(3, "MSWIN4.1".getBytes(StandardCharsets.US_ASCII));
        disk.putShort(11, (short) SECTOR).put(13, (byte) (CLUSTER / SECTOR)).putShort(14, (short) 1);
        disk.put(16, (byte) FATS).putShort(17, (short) ROOT_ENTRIES).putShort(19, (short) SECTORS);
        disk.put(21, (byte) MEDIA)
                .putShort(22, (short) FAT_SECTORS)
                .putShort(24, (short) 63)
                .putShort(26, (short) 16);
        disk.put(36, (byte) 0x80).put(38, (byte) 0x29).putInt(39, number(files)).put(43, padded);
        disk.put(54, "FAT16   ".getBytes(StandardCharsets.US_ASCII)).putShort(510, (short) 0xaa55);
        chain(0, 0xff00 | MEDIA);
        chain(1, LAST);
        disk.put(entry, padded).put(entry + 11, (byte) LABEL).putShort(entry + 24, (short) DAY);
        entry += ENTRY;
    }

    /** What the volume is known by: another for other files. */
    private static int number(Map<String, byte[]> files) {
        var sum = new CRC32();
        files.values().forEach(sum::update);
        return (int) sum.getValue();
    }

    private static byte[] padded(String name) {
        return (name + " ".repeat(11)).substring(0, 11).getBytes(StandardCharsets.US_ASCII);
    }

    private void chain(int number, int next) {
        for (int fat = 0; fat < FATS; fat++) {
            disk.putShort((1 + fat * FAT_SECTORS) * SECTOR + 2 * number, (short) next);
        }
    }

    private void file(String name, byte[] content) {
        int clusters = Math.ceilDiv(content.length, CLUSTER);
        int begin = DATA + (cluster - 2) * CLUSTER;
        int names = Math.ceilDiv(name.length(), LETTERS_OF_ENTRY);
        if (content.length > disk.capacity() - begin - CLUSTER || entry + (names + 1) * ENTRY > DATA) {
            throw new OpException(Code.INVALID, name + ": " + content.length + " bytes do not fit on a small disk");
        }
        disk.put(begin, content);
        for (int i = 0; i < clusters; i++) {
            chain(cluster + i, i + 1 < clusters ? cluster + i + 1 : LAST);
        }
        byte[] alias = padded("FILE%04d".formatted(files++));
        longName(name, names, checksum(alias));
        disk.put(entry, alias).put(entry + 11, (byte) READ_ONLY);
        disk.putShort(entry + 16, (short) DAY).putShort(entry + 18, (short) DAY).putShort(entry + 24, (short) DAY);
        disk.putShort(entry + 26, (short) (clusters == 0 ? 0 : cluster)).putInt(entry + 28, content.length);
        entry += ENTRY;
        cluster += clusters;
    }

    /** Its end comes first. */
    private void longName(String name, int entries, byte checksum) {
        for (int part = entries; part > 0; part--) {
            disk.put(entry, (byte) (part == entries ? part | LAST_OF_NAME : part));
            disk.put(entry + 11, (byte) LONG_NAME).put(entry + 13, checksum);
            for (int i = 0; i < LETTERS_OF_ENTRY; i++) {
                int at = (part - 1) * LETTERS_OF_ENTRY + i;
                int letter = at < name.length() ? name.charAt(at) : at == name.length() ? 0 : 0xffff;
                disk.putShort(entry + LETTERS[i], (short) letter);
            }
            entry += ENTRY;
        }
    }

    private static byte checksum(byte[] alias) {
        int sum = 0;
        for (byte letter : alias) {
            sum = (((sum & 1) << 7) + (sum >> 1) + (letter & 0xff)) & 0xff;
        }
        return (byte) sum;
    }
}
