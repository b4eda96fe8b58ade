package zonda.commands;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.vm.Vms;

/** send, receive and install of vmadm(8). */
final class VmadmTransfer {
    private static final int BUFFER = 128 << 10;

    private final Vms vms;

    VmadmTransfer(Vms vms) {
        this.vms = vms;
    }

    void send(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "");
        UUID uuid = VmadmTool.vm(vms, "send", options.operands());
        if (options.operands().size() > 1) {
            throw new OpException(
                    Code.USAGE, "send writes to standard output only; give it to vmadm receive of the other host");
        }
        if (session.outputIsTerminal()) {
            throw new OpException(Code.FAILED, "Cannot send VM to a TTY.");
        }
        try (OutputStream out = new BufferedOutputStream(session.outStream(), BUFFER)) {
            vms.transfer().send(uuid, out);
        } catch (IOException e) {
            throw new UncheckedIOException("write standard output: " + e.getMessage(), e);
        }
        session.err("Successfully sent VM " + uuid);
    }

    void receive(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "f|file= P|pool=");
        Optional<String> file = options.value("f").filter(name -> !name.equals("-"));
        if (file.isEmpty() && session.inputIsTerminal()) {
            throw new OpException(Code.FAILED, "Will not receive from stdin when stdin is a tty.");
        }
        InputStream in = file.map(session::fileStream).orElseGet(session::streamIn);
        UUID uuid = vms.transfer().receive(in, options.value("P"));
        session.err("Successfully received VM " + uuid);
    }

    void install(Session session, List<String> arguments) {
        UUID uuid = VmadmTool.vm(vms, "install", Getopt.parse(arguments, "").operands());
        vms.transfer().install(uuid);
        session.err("Successfully installed VM " + uuid);
    }
}
