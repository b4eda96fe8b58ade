package zonda.dtrace.provider;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import zonda.dtrace.types.KernelFunctions;

/**
 * The functions that the kernel lets programs attach to, as its tracefs lists them: available_filter_functions, a line
 * for each, {@code NAME [MODULE]}. Since Linux 6.5 there is a list with addresses, too.
 */
public final class FunctionTable {
    static final Path EVENTS = Path.of("/sys/bus/event_source/devices");
    private static final Path TRACEFS = Path.of("/sys/kernel/tracing");
    private static final String NAMES = "available_filter_functions";
    private static final String ADDRESSES = "available_filter_functions_addrs";
    /** Programs hold locks of these kinds while they write, and would wait for themselves. */
    private static final java.util.regex.Pattern HELD =
            java.util.regex.Pattern.compile(".*(_raw_(spin|read|write)_|queued_(spin|read|write)_|pv_hash|pv_wait).*");

    /** @param number its place in the kernel's list, which is the same until the next boot, or until a module comes */
    record Function(int number, String module, String name, List<Long> places) {}

    private final Path events;
    private final Path tracefs;

    /** Those of this kernel. */
    FunctionTable() {
        this(EVENTS, TRACEFS);
    }

    /** @param events where the kernel tells which kinds of events it has @param tracefs where its lists are */
    public FunctionTable(Path events, Path tracefs) {
        this.events = events;
        this.tracefs = tracefs;
    }

    /** Why nothing attaches to functions here; empty when it does. */
    Optional<String> whyNot() {
        if (!Files.exists(events.resolve("kprobe"))) {
            return Optional.of("this kernel lets nothing attach to its functions: it has no kprobes");
        }
        if (!Files.isReadable(tracefs.resolve(NAMES))) {
            return Optional.of(tracefs + " has no list of the kernel's functions: mount -t tracefs tracefs " + tracefs);
        }
        return Optional.empty();
    }

    /** Those that a description means, in the order of the list. */
    List<Function> find(Pattern pattern) {
        var found = new LinkedHashMap<Map.Entry<String, String>, Function>();
        boolean addresses = Files.isReadable(tracefs.resolve(ADDRESSES));
        read(tracefs.resolve(addresses ? ADDRESSES : NAMES), new Consumer<>() {
            private int number;

            @Override
            public void accept(String line) {
                int start = addresses ? line.indexOf(' ') + 1 : 0;
                int behind = line.indexOf(' ', start);
                String name = behind < 0 ? line.substring(start) : line.substring(start, behind);
                number++;
                if (!Pattern.glob(pattern.function(), name)
                        || HELD.matcher(name).matches()) {
                    return;
                }
                String module = behind < 0
                        ? KernelFunctions.KERNEL
                        : line.substring(behind).strip().replaceAll("[\\[\\]]", "");
                if (Pattern.glob(pattern.module(), module)) {
                    List<Long> place = addresses ? List.of(Long.parseUnsignedLong(line, 0, start - 1, 16)) : List.of();
                    found.merge(
                            Map.entry(module, name), new Function(number, module, name, place), FunctionTable::both);
                }
            }
        });
        return List.copyOf(found.values());
    }

    /** Functions of one name, such as those of several source files, are one probe. */
    private static Function both(Function one, Function other) {
        var places = new ArrayList<>(one.places());
        places.addAll(other.places());
        return new Function(one.number(), one.module(), one.name(), places);
    }

    private static void read(Path file, Consumer<String> lines) {
        try (BufferedReader in = Files.newBufferedReader(file)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                lines.accept(line);
            }
        } catch (IOException e) {
            // As if the kernel had none.
        }
    }
}
