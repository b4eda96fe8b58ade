package zonda.zstream;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;
import zonda.base.Bytes;

/**
 * What a snapshot's objects are: their numbers, attributes and directories as they were in the stream. An incremental
 * stream speaks of objects by their numbers only, so this belongs to the tree that was received or sent, and is kept
 * with it. It also keeps what the tree can't have: access control lists, long attributes, devices.
 *
 * <p>Immutable to the outside; any thread may use it.
 */
public final class ObjectMap {
    private static final long MAGIC = 0x5a4e_444f_424a_3031L; // ZNDOBJ01
    private static final int LARGEST = RecordReader.LARGEST_BLOCK;

    private final StreamHeader.Kind kind;
    private final long guid;
    private final ObjectTable table;

    ObjectMap(StreamHeader.Kind kind, long guid, ObjectTable table) {
        this.kind = kind;
        this.guid = guid;
        this.table = table;
    }

    public StreamHeader.Kind kind() {
        return kind;
    }

    /** The guid of the snapshot, which an incremental stream names as its origin. */
    public long guid() {
        return guid;
    }

    /** Of a volume, what it is read and written in; of a filesystem it says nothing. */
    public int blockSize() {
        return table.find(VolumeReceiver.CONTENT).map(StoredObject::blockSize).orElse(0);
    }

    /** How many objects there are. */
    public int size() {
        return table.map().size();
    }

    /** Not to be changed. */
    ObjectTable table() {
        return table;
    }

    /** Writes it to a file, in whole or not at all; durable when it returns. */
    public void save(Path file) {
        Path temporary = file.resolveSibling(file.getFileName() + ".new");
        try {
            try (var out = new DataOutputStream(new BufferedOutputStream(
                    new GZIPOutputStream(Files.newOutputStream(temporary), 64 * 1024) {
                        {
                            def.setLevel(Deflater.BEST_SPEED);
                        }
                    },
                    64 * 1024))) {
                write(out);
            }
            try (FileChannel channel = FileChannel.open(temporary)) {
                channel.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            Path directory = file.toAbsolutePath().getParent();
            if (directory != null) {
                try (FileChannel channel = FileChannel.open(directory)) {
                    channel.force(true);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("write the object map " + file + ": " + e.getMessage(), e);
        }
    }

    private void write(DataOutputStream out) throws IOException {
        out.writeLong(MAGIC);
        out.writeInt(kind.number());
        out.writeLong(guid);
        out.writeInt(table.map().size());
        for (StoredObject object : table.all()) {
            StreamRecord.Dnode dnode = object.dnode();
            out.writeLong(object.id());
            out.writeInt(dnode.type());
            out.writeInt(dnode.bonusType());
            out.writeInt(dnode.blockSize());
            out.writeInt(dnode.slots());
            out.writeBoolean(object.isInline());
            writeBytes(out, object.bonus());
            writeBytes(out, object.spill());
            out.writeInt(object.blocks().size());
            for (var block : object.blocks().entrySet()) {
                out.writeLong(block.getKey());
                writeBytes(out, block.getValue());
            }
        }
    }

    private static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    /**
     * Reads what {@link #save} wrote.
     *
     * @throws StreamException when it isn't one, or is damaged
     */
    public static ObjectMap load(Path file) {
        try (var in = new DataInputStream(
                new BufferedInputStream(new GZIPInputStream(Files.newInputStream(file), 64 * 1024), 64 * 1024))) {
            if (in.readLong() != MAGIC) {
                throw StreamException.stream("the object map " + file + " isn't one");
            }
            return read(in);
        } catch (EOFException e) {
            throw StreamException.stream("the object map " + file + " is cut off", e);
        } catch (ZipException e) {
            throw StreamException.stream("the object map " + file + " is damaged: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("read the object map " + file + ": " + e.getMessage(), e);
        }
    }

    private static ObjectMap read(DataInputStream in) throws IOException {
        int number = in.readInt();
        StreamHeader.Kind kind =
                number == StreamHeader.Kind.VOLUME.number() ? StreamHeader.Kind.VOLUME : StreamHeader.Kind.FILESYSTEM;
        long guid = in.readLong();
        int objects = in.readInt();
        var table = new ObjectTable(Bytes.ofGiB(64).value());
        for (int i = 0; i < objects; i++) {
            table.put(readObject(in));
        }
        if (in.read() >= 0) {
            throw new ZipException("there is something after its end");
        }
        return new ObjectMap(kind, guid, table);
    }

    private static StoredObject readObject(DataInputStream in) throws IOException {
        long id = in.readLong();
        int type = in.readInt();
        int bonusType = in.readInt();
        int blockSize = in.readInt();
        int slots = in.readInt();
        boolean isInline = in.readBoolean();
        byte[] bonus = readBytes(in);
        var dnode = new StreamRecord.Dnode(id, type, bonusType, blockSize, bonus.length, slots, 0);
        var object = new StoredObject(id, dnode, bonus);
        object.spill(readBytes(in));
        if (isInline) {
            object.inline(new byte[0]);
        }
        int blocks = in.readInt();
        for (int i = 0; i < blocks; i++) {
            long offset = in.readLong();
            object.blocks().put(offset, readBytes(in));
        }
        return object;
    }

    private static byte[] readBytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > LARGEST) {
            throw new ZipException("a value of " + length + " bytes");
        }
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        return bytes;
    }

    @Override
    public String toString() {
        return kind.label() + " " + Long.toUnsignedString(guid) + " of " + size() + " objects";
    }
}
