package zonda.metadata;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/** Reads which loader a program asks for: elf(5), PT_INTERP, in 64-bit little-endian files. */
final class ElfInterpreter {
    private static final int HEADER = 64;
    private static final int PT_INTERP = 3;
    private static final int MAGIC = 0x464c457f;
    private static final int LONGEST_PATH = 4096;

    private ElfInterpreter() {}

    /** Empty for a static program. @throws IOException when it is no such file */
    static Optional<Path> of(Path program) throws IOException {
        try (var file = FileChannel.open(program)) {
            ByteBuffer header = read(file, 0, HEADER);
            boolean is64BitLittleEndian = header.get(4) == 2 && header.get(5) == 1;
            if (header.getInt(0) != MAGIC || !is64BitLittleEndian) {
                throw new IOException(program + " is not a 64-bit little-endian program");
            }
            long table = header.getLong(32);
            int entrySize = header.getShort(54) & 0xffff;
            int entries = header.getShort(56) & 0xffff;
            for (int i = 0; i < entries; i++) {
                ByteBuffer entry = read(file, table + (long) i * entrySize, 56);
                if (entry.getInt(0) == PT_INTERP) {
                    return Optional.of(path(file, entry.getLong(8), entry.getLong(32)));
                }
            }
            return Optional.empty();
        }
    }

    private static Path path(FileChannel file, long offset, long length) throws IOException {
        if (length < 2 || length > LONGEST_PATH) {
            throw new IOException("a loader's name of " + length + " bytes");
        }
        ByteBuffer text = read(file, offset, (int) length);
        return Path.of(new String(text.array(), 0, (int) length - 1, StandardCharsets.UTF_8));
    }

    private static ByteBuffer read(FileChannel file, long at, int length) throws IOException {
        var buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (file.read(buffer, at + buffer.position()) < 0) {
                throw new EOFException("file ends early");
            }
        }
        return buffer;
    }
}
