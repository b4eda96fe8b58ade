package zonda.kvm;

import java.nio.file.Path;
import java.util.List;

/**
 * A machine's TPM 2.0: swtpm(8), a process beside QEMU in the same zone, which ends with it. What it keeps is the
 * machine's own.
 */
public final class Tpm {
    /** Debian's swtpm. */
    public static final Path PROGRAM = Path.of("/usr/bin/swtpm");
    /** Where it keeps what it must not forget, below the root that it sees. */
    public static final Path STATE = Path.of("/tpm");

    private static final Path SOCKET = Qemu.SOCKETS.resolve("vm.tpm");
    /** It is there when its parent ends, and QEMU takes this program's place. */
    private static final String START = PROGRAM + " socket --tpm2 --tpmstate dir=" + STATE
            + ",mode=0600 --ctrl type=unixio,path=" + SOCKET + " --terminate --daemon && exec \"$@\"";

    private Tpm() {}

    /** What runs before QEMU's own command line. */
    static List<String> before() {
        return List.of("/bin/sh", "-c", START, "tpm");
    }

    /** Of QEMU's command line. */
    static List<String> options() {
        return List.of(
                "-chardev",
                "socket,id=tpm,path=" + SOCKET,
                "-tpmdev",
                "emulator,id=tpm0,chardev=tpm",
                "-device",
                "tpm-crb,tpmdev=tpm0");
    }
}
