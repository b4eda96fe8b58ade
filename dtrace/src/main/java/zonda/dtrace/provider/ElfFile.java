package zonda.dtrace.provider;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Functions of a program or library: the symbol tables of a 64-bit ELF file, elf(5). */
public final class ElfFile {
    private static final int NOTES = 7;
    private static final int STAPSDT = 3;
    private static final int SYMTAB = 2;
    private static final int DYNSYM = 11;
    private static final int FUNCTION = 2;
    private static final int INDIRECT_FUNCTION = 10;
    private static final int LOAD = 1;
    /** PT_GNU_EH_FRAME: a segment that leads to the section .eh_frame. */
    private static final int EH_FRAME = 0x6474e550;

    private static final int RELATIVE_32 = 0x1b;
    /** Files are made by whoever likes: what claims to have more than this is not read on. */
    private static final int MOST_SYMBOLS = 1 << 20;

    private static final int MOST_NOTES = 1 << 14;
    private static final int LONGEST_NAME = 1 << 14;
    private static final int MOST_SECTIONS = 1 << 12;

    /** A function. @param address as linked @param offset in the file */
    public record Symbol(String name, long address, long size, long offset) {}

    /** A probe that the file brings. @param semaphore offset in the file, or 0 */
    public record Note(String provider, String name, long address, long offset, long semaphore, String arguments) {}

    private record Segment(long offset, long address, long size) {}

    /** @param strings where their names are */
    private record Table(int start, int size, int strings) {}

    private final ByteBuffer data;
    private final List<Segment> segments = new ArrayList<>();
    private int frames;
    private final List<Table> tables = new ArrayList<>();
    private final TreeMap<Long, Symbol> byAddress = new TreeMap<>();
    private final List<Note> notes = new ArrayList<>();
    private final Map<String, Symbol> byName = new HashMap<>();
    private boolean symbolsRead;
    private int visited;

    private ElfFile(ByteBuffer data) {
        this.data = data;
        long programs = data.getLong(32);
        int programCount = data.getShort(56) & 0xffff;
        for (int i = 0; i < programCount; i++) {
            int at = (int) programs + 56 * i;
            if (data.getInt(at) == LOAD) {
                segments.add(new Segment(data.getLong(at + 8), data.getLong(at + 16), data.getLong(at + 32)));
            }
            if (data.getInt(at) == EH_FRAME) {
                frames = (int) data.getLong(at + 8);
            }
        }
        long sections = data.getLong(40);
        int sectionCount = Math.min(MOST_SECTIONS, data.getShort(60) & 0xffff);
        for (int i = 0; i < sectionCount; i++) {
            int at = (int) sections + 64 * i;
            int type = data.getInt(at + 4);
            if (type == NOTES) {
                notes(data, (int) data.getLong(at + 24), (int) data.getLong(at + 32), stapsdtBase(data));
            }
            if (type == SYMTAB || type == DYNSYM) {
                int strings = (int) data.getLong((int) sections + 64 * data.getInt(at + 40) + 24);
                tables.add(new Table((int) data.getLong(at + 24), (int) data.getLong(at + 32), strings));
            }
        }
    }

    /** Symbols are read when the first is asked for: a library may have many thousands. */
    private synchronized void readSymbols() {
        if (symbolsRead) {
            return;
        }
        symbolsRead = true;
        try {
            tables.forEach(this::symbols);
        } catch (IndexOutOfBoundsException | InternalError e) {
            // The file is cut off: what was read of it is all that there is.
        }
    }

    private void symbols(Table table) {
        int strings = table.strings();
        for (int at = table.start(); at + 24 <= table.start() + table.size() && visited++ < MOST_SYMBOLS; at += 24) {
            int type = data.get(at + 4) & 0xf;
            long address = data.getLong(at + 8);
            if ((type == FUNCTION || type == INDIRECT_FUNCTION) && data.getShort(at + 6) != 0 && address != 0) {
                String name = string(data, strings + data.getInt(at));
                long bytes = data.getLong(at + 16);
                fileOffset(address).ifPresent(offset -> {
                    var symbol = new Symbol(name, address, bytes, offset);
                    byName.put(name, symbol);
                    byAddress.putIfAbsent(address, symbol);
                });
            }
        }
    }

    /** Where the section .stapsdt.base was loaded to: addresses of notes move with it. */
    private static long stapsdtBase(ByteBuffer data) {
        int sections = (int) data.getLong(40);
        int count = data.getShort(60) & 0xffff;
        int names = (int) data.getLong(sections + 64 * (data.getShort(62) & 0xffff) + 24);
        for (int i = 0; i < count; i++) {
            if (string(data, names + data.getInt(sections + 64 * i)).equals(".stapsdt.base")) {
                return data.getLong(sections + 64 * i + 16);
            }
        }
        return 0;
    }

    private void notes(ByteBuffer data, int start, int size, long base) {
        int at = start;
        while (at + 12 <= start + size && notes.size() < MOST_NOTES) {
            int nameSize = data.getInt(at);
            int descriptorSize = data.getInt(at + 4);
            if (nameSize < 0 || descriptorSize < 0 || nameSize > size || descriptorSize > size) {
                return;
            }
            int descriptor = at + 12 + (nameSize + 3) / 4 * 4;
            if (data.getInt(at + 8) == STAPSDT && string(data, at + 12).equals("stapsdt")) {
                long moved = base == 0 ? 0 : base - data.getLong(descriptor + 8);
                long address = data.getLong(descriptor) + moved;
                long semaphore = data.getLong(descriptor + 16);
                String provider = string(data, descriptor + 24);
                String name = string(data, descriptor + 24 + provider.length() + 1);
                String arguments = string(data, descriptor + 24 + provider.length() + name.length() + 2);
                fileOffset(address)
                        .ifPresent(offset -> notes.add(new Note(
                                provider,
                                name,
                                address,
                                offset,
                                semaphore == 0
                                        ? 0
                                        : fileOffset(semaphore + moved).orElse(0L),
                                arguments)));
            }
            at = descriptor + (descriptorSize + 3) / 4 * 4;
        }
    }

    /** Probes that the file brings: notes of SystemTap's sys/sdt.h. */
    public List<Note> notes() {
        return List.copyOf(notes);
    }

    private static String string(ByteBuffer data, int start) {
        int end = start;
        while (data.get(end) != 0 && end - start < LONGEST_NAME) {
            end++;
        }
        byte[] bytes = new byte[end - start];
        data.get(start, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Empty when the file can't be read or isn't a 64-bit ELF file of this byte order. */
    public static Optional<ElfFile> read(Path file) {
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() > Integer.MAX_VALUE) {
                return Optional.empty();
            }
            ByteBuffer data = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size())
                    .order(ByteOrder.LITTLE_ENDIAN);
            boolean elf = data.capacity() > 64 && data.getInt(0) == 0x464c457f && data.get(4) == 2 && data.get(5) == 1;
            return elf ? Optional.of(new ElfFile(data)) : Optional.empty();
        } catch (IOException | IndexOutOfBoundsException | InternalError e) {
            // An InternalError is what a file brings that is cut off while it is read.
            return Optional.empty();
        }
    }

    /** How to get from the frames of its functions to those of their callers, by addresses as linked. */
    List<UnwindRow> unwindRows() {
        try {
            // The segment begins with a version, and with how the address of the section is written.
            if (frames == 0 || (data.get(frames + 1) & 0xff) != RELATIVE_32) {
                return List.of();
            }
            int section = frames + 4 + data.getInt(frames + 4);
            Optional<Long> address = address(section);
            return address.isEmpty() ? List.of() : CallFrames.read(data, section, address.get());
        } catch (IndexOutOfBoundsException
                | java.nio.BufferUnderflowException
                | IllegalArgumentException
                | InternalError e) {
            // The file is cut off, or says nonsense.
            return List.of();
        }
    }

    private Optional<Long> fileOffset(long address) {
        for (Segment segment : segments) {
            if (address >= segment.address() && address < segment.address() + segment.size()) {
                return Optional.of(address - segment.address() + segment.offset());
            }
        }
        return Optional.empty();
    }

    /** The address as linked of what lies at an offset in the file. */
    public Optional<Long> address(long offset) {
        for (Segment segment : segments) {
            if (offset >= segment.offset() && offset < segment.offset() + segment.size()) {
                return Optional.of(offset - segment.offset() + segment.address());
            }
        }
        return Optional.empty();
    }

    public List<Symbol> symbols() {
        readSymbols();
        return List.copyOf(byName.values());
    }

    public Optional<Symbol> symbol(String name) {
        readSymbols();
        return Optional.ofNullable(byName.get(name));
    }

    /** The function that an address as linked lies in. */
    public Optional<Symbol> at(long address) {
        readSymbols();
        var entry = byAddress.floorEntry(address);
        return entry == null ? Optional.empty() : Optional.of(entry.getValue());
    }
}
