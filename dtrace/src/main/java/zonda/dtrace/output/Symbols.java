package zonda.dtrace.output;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import zonda.dtrace.provider.ElfFile;
import zonda.dtrace.provider.Mappings;
import zonda.dtrace.provider.PerfMap;
import zonda.dtrace.provider.View;

/** Names of addresses: the kernel's from /proc/kallsyms, those of processes from their mappings and files. */
public final class Symbols {
    private static final Path KERNEL = Path.of("/proc/kallsyms");

    private record KernelSymbol(String module, String name) {}

    private final TreeMap<Long, KernelSymbol> kernel = new TreeMap<>(Long::compareUnsigned);
    private final Map<Long, Optional<Mappings>> processes = new HashMap<>();
    private final Map<String, Optional<ElfFile>> files = new HashMap<>();
    private final Map<Long, PerfMap> generated = new HashMap<>();
    private final View view;
    private boolean read;

    Symbols(View view) {
        this.view = view;
    }

    private void readKernel() {
        if (read || !view.isAll()) {
            return;
        }
        read = true;
        try (BufferedReader in = Files.newBufferedReader(KERNEL)) {
            String line = in.readLine();
            while (line != null) {
                char type = line.charAt(17);
                if (type == 't' || type == 'T' || type == 'w' || type == 'W') {
                    int tab = line.indexOf('\t');
                    String name = tab < 0 ? line.substring(19) : line.substring(19, tab);
                    String module = tab < 0 ? "vmlinux" : line.substring(tab + 2, line.length() - 1);
                    kernel.put(Long.parseUnsignedLong(line, 0, 16, 16), new KernelSymbol(module, name));
                }
                line = in.readLine();
            }
        } catch (IOException e) {
            // Addresses stay numbers.
        }
    }

    /** {@code module`name+0x1f}, or the number. */
    String kernel(long address, boolean offset) {
        readKernel();
        var entry = kernel.floorEntry(address);
        if (entry == null || address >= 0) {
            return "0x" + Long.toHexString(address);
        }
        long beyond = address - entry.getKey();
        String name = entry.getValue().module() + "`" + entry.getValue().name();
        return offset && beyond != 0 ? name + "+0x" + Long.toHexString(beyond) : name;
    }

    String kernelModule(long address) {
        String symbol = kernel(address, false);
        int tick = symbol.indexOf('`');
        return tick < 0 ? symbol : symbol.substring(0, tick);
    }

    /** Whether an address is in the code of eBPF programs and their entry, which is no part of what is traced. */
    boolean isTracing(long address) {
        String symbol = kernel(address, false);
        return symbol.startsWith("bpf`")
                || symbol.contains("`bpf_prog_")
                || symbol.contains("`bpf_trace_run")
                || symbol.contains("`__bpf_trace_")
                || symbol.contains("`__traceiter_")
                || symbol.contains("`__bpf_prog")
                || symbol.contains("`bpf_trampoline")
                || symbol.contains("`bpf_get_stack")
                || symbol.contains("`bpf_overflow_handler")
                || symbol.contains("`__perf_event_overflow")
                || symbol.contains("`perf_swevent_hrtimer")
                || symbol.contains("`get_perf_callchain")
                || symbol.contains("`perf_callchain");
    }

    /** Looks at a process now, so that its addresses have names when it has ended. */
    void remember(long process) {
        processes.put(process, look(process));
    }

    /** What a process has mapped; nothing when it is not this session's to see. */
    private Optional<Mappings> look(long process) {
        return view.has(process) ? Mappings.of(process) : Optional.empty();
    }

    private Optional<Mappings.Mapping> mapping(long process, long address) {
        Optional<Mappings.Mapping> known = mappings(process).flatMap(all -> all.at(address));
        if (known.isPresent()) {
            return known;
        }
        // It may have mapped more since.
        Optional<Mappings> now = look(process).filter(all -> !all.all().isEmpty());
        now.ifPresent(all -> processes.put(process, now));
        return now.flatMap(all -> all.at(address));
    }

    private Optional<ElfFile> file(long process, Mappings.Mapping mapping) {
        if (!view.isAll()) {
            return view.has(process) ? ElfFile.read(view.file(process, mapping)) : Optional.empty();
        }
        return ElfFile.read(view.file(process, mapping)).or(() -> ElfFile.read(Path.of(mapping.path())));
    }

    /** A zone could have a link there to whatever the host has. */
    private PerfMap generated(long process) {
        return view.isAll() ? PerfMap.of(process) : PerfMap.NONE;
    }

    private Optional<Mappings> mappings(long process) {
        return processes.computeIfAbsent(process, this::look);
    }

    /** As {@link #kernel}, for an address of a process. */
    String user(long process, long address, boolean offset) {
        Optional<Mappings.Mapping> mapping = mapping(process, address);
        if (mapping.isEmpty() || !mapping.get().isFile()) {
            return generated
                    .computeIfAbsent(process, this::generated)
                    .name(address)
                    .orElseGet(() -> "0x" + Long.toHexString(address));
        }
        Mappings.Mapping in = mapping.get();
        String module = in.module();
        Optional<ElfFile> file = files.computeIfAbsent(process + in.path(), _ -> file(process, in));
        Optional<Long> linked = file.flatMap(elf -> elf.address(address - in.start() + in.offset()));
        Optional<ElfFile.Symbol> symbol =
                linked.isEmpty() ? Optional.empty() : file.flatMap(elf -> elf.at(linked.get()));
        if (linked.isEmpty() || symbol.isEmpty()) {
            return module + "`0x" + Long.toHexString(address);
        }
        long beyond = linked.get() - symbol.get().address();
        String name = module + "`" + symbol.get().name();
        return offset && beyond != 0 ? name + "+0x" + Long.toHexString(beyond) : name;
    }

    String userModule(long process, long address) {
        return mapping(process, address)
                .filter(Mappings.Mapping::isFile)
                .map(Mappings.Mapping::module)
                .orElse("0x" + Long.toHexString(address));
    }

    /** Frames of the kernel, innermost first, without those of the tracing itself. */
    List<String> kernelFrames(long[] addresses) {
        var frames = new ArrayList<String>();
        int first = 0;
        for (int i = 0; i < addresses.length && addresses[i] != 0; i++) {
            if (isTracing(addresses[i])) {
                first = i + 1;
            }
        }
        for (int i = first; i < addresses.length && addresses[i] != 0; i++) {
            frames.add(kernel(addresses[i], true));
        }
        return frames;
    }

    List<String> userFrames(long process, long[] addresses) {
        var frames = new ArrayList<String>();
        for (int i = 0; i < addresses.length && addresses[i] != 0; i++) {
            frames.add(user(process, addresses[i], true));
        }
        return frames;
    }

    /** A process has ended: its number may come to mean another. */
    public void forget(long process) {
        processes.remove(process);
        generated.remove(process);
    }
}
