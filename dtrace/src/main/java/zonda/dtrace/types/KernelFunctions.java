package zonda.dtrace.types;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Addresses of the kernel's functions: /proc/kallsyms, of which most kernels leave out their data. */
public final class KernelFunctions {
    /** The module of what is in no module. */
    public static final String KERNEL = "vmlinux";

    /** @param module {@link #KERNEL} for what is in none */
    public record Name(String module, String name) {}

    private static final Path SYMBOLS = Path.of("/proc/kallsyms");
    private static final int NAME = 19;
    private static final int KIND = 17;

    private KernelFunctions() {}

    /**
     * Where functions of these names are; there may be several of one name in one module.
     *
     * @return without those that the kernel hides
     */
    public static Map<Name, List<Long>> addresses(Set<String> names) {
        var found = new LinkedHashMap<Name, List<Long>>();
        try (BufferedReader in = Files.newBufferedReader(SYMBOLS)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if ("tTwW".indexOf(line.charAt(KIND)) < 0) {
                    continue;
                }
                int tab = line.indexOf('\t');
                String name = line.substring(NAME, tab < 0 ? line.length() : tab);
                long address = names.contains(name) ? Long.parseUnsignedLong(line, 0, 16, 16) : 0;
                // Who is not root is told of zeros.
                if (address != 0) {
                    String module = tab < 0 ? KERNEL : line.substring(tab + 2, line.length() - 1);
                    found.computeIfAbsent(new Name(module, name), _ -> new ArrayList<>())
                            .add(address);
                }
            }
        } catch (IOException e) {
            // As if there were no such functions.
        }
        return found;
    }

    /** @param module where it is, {@code vmlinux} or {@code kernel} for the kernel's own; empty for anywhere */
    static Optional<Long> address(String module, String name) {
        return addresses(Set.of(name)).entrySet().stream()
                .filter(found -> isIn(module, found.getKey().module()))
                .map(found -> found.getValue().getFirst())
                .findFirst();
    }

    private static boolean isIn(String module, String found) {
        return module.isEmpty() || found.equals(module) || module.equals("kernel") && found.equals(KERNEL);
    }
}
