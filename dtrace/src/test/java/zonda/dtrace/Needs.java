package zonda.dtrace;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** What tests of the kernel's side need: they are skipped where it is not there, with the reason. */
final class Needs {
    private Needs() {}

    static void root() {
        assumeTrue("root".equals(System.getProperty("user.name")), "loading eBPF programs needs root");
    }

    static void types() {
        assumeTrue(Files.isReadable(Path.of("/sys/kernel/btf/vmlinux")), "needs a kernel with BTF");
    }

    static void rootAndTypes() {
        root();
        types();
    }
}
