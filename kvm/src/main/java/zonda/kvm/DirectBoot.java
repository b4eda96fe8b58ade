package zonda.kvm;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A kernel that a machine starts without a boot loader: qemu(1), "Linux/Multiboot boot specific".
 *
 * @param kernel where QEMU finds it, as a boot loader takes it
 * @param initrd what the kernel unpacks as its first root
 * @param commandLine what the kernel is told; may be empty
 */
public record DirectBoot(Path kernel, Optional<Path> initrd, String commandLine) {
    List<String> options() {
        List<String> options = new ArrayList<>(List.of("-kernel", kernel.toString()));
        initrd.ifPresent(file -> options.addAll(List.of("-initrd", file.toString())));
        if (!commandLine.isEmpty()) {
            options.addAll(List.of("-append", commandLine));
        }
        return options;
    }
}
