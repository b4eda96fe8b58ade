package zonda.dtrace.provider;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.dtrace.code.Unwinding;

/**
 * How programs in the kernel get from frame to frame of some processes: the rows of all files that these have mapped as
 * code, in the order of their addresses, behind the processes that they belong to. It is made once, so what a process maps
 * later is not in it.
 */
public final class UnwindTable {
    private record Process(long number, int first, int rows) {}

    private final List<Process> processes = new ArrayList<>();
    private final List<UnwindRow> rows = new ArrayList<>();

    /**
     * @param numbers of the processes on the host
     * @param view what of their files the session may see
     */
    public static UnwindTable of(List<Long> numbers, View view) {
        var table = new UnwindTable();
        var files = new HashMap<String, Optional<ElfFile>>();
        for (long number : numbers.stream().limit(Unwinding.MOST_PROCESSES).toList()) {
            table.add(number, view, files);
        }
        return table;
    }

    private void add(long number, View view, Map<String, Optional<ElfFile>> files) {
        int first = rows.size();
        Mappings.of(number).map(Mappings::all).orElse(List.of()).stream()
                .filter(Mappings.Mapping::isFile)
                .forEach(mapping -> files.computeIfAbsent(mapping.path(), _ -> ElfFile.read(view.file(number, mapping)))
                        .ifPresent(file -> add(mapping, file)));
        processes.add(new Process(number, first, rows.size() - first));
    }

    private void add(Mappings.Mapping mapping, ElfFile file) {
        Optional<Long> linked = file.address(mapping.offset());
        List<UnwindRow> known = file.unwindRows();
        if (linked.isEmpty() || rows.size() + known.size() + 1 > Unwinding.MOST_ROWS) {
            return;
        }
        long moved = mapping.start() - linked.get();
        for (UnwindRow row : known) {
            long address = row.address() + moved;
            if (address >= mapping.start() && address < mapping.end()) {
                rows.add(row.movedBy(moved));
            }
        }
        rows.add(UnwindRow.none(mapping.end()));
    }

    public int size() {
        return rows.size();
    }

    /** The whole table, in the processor's order. */
    public byte[] bytes() {
        ByteBuffer bytes = ByteBuffer.allocate(Unwinding.ROWS + rows.size() * Unwinding.ROW_SIZE)
                .order(ByteOrder.nativeOrder());
        for (Process process : processes) {
            bytes.putLong(process.number()).putLong(process.first()).putLong(process.rows());
        }
        bytes.position(Unwinding.ROWS);
        for (UnwindRow row : rows) {
            bytes.putLong(row.address()).putInt(row.end()).putShort((short) row.rbp());
            bytes.put((byte) row.rule().ordinal()).put((byte) 0);
        }
        return bytes.array();
    }
}
