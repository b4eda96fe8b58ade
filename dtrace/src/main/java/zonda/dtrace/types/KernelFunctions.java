package zonda.dtrace.types;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Addresses of the kernel's functions: /proc/kallsyms, of which most kernels leave out their data. */
final class KernelFunctions {
    private static final Path SYMBOLS = Path.of("/proc/kallsyms");
    private static final int NAME = 19;

    private KernelFunctions() {}

    /** @param module where it is, {@code vmlinux} or {@code kernel} for the kernel's own; empty for anywhere */
    static Optional<Long> address(String module, String name) {
        try (BufferedReader in = Files.newBufferedReader(SYMBOLS)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                boolean named = line.startsWith(name, NAME)
                        && (line.length() == NAME + name.length() || line.charAt(NAME + name.length()) == '\t');
                if (named && "tTwW".indexOf(line.charAt(17)) >= 0 && isIn(module, line)) {
                    long address = Long.parseUnsignedLong(line, 0, 16, 16);
                    // Who is not root is told of zeros.
                    return address == 0 ? Optional.empty() : Optional.of(address);
                }
            }
        } catch (IOException e) {
            // As if there were no such function.
        }
        return Optional.empty();
    }

    private static boolean isIn(String module, String line) {
        return switch (module) {
            case "" -> true;
            case "vmlinux", "kernel" -> line.indexOf('\t') < 0;
            default -> line.endsWith("\t[" + module + "]");
        };
    }
}
