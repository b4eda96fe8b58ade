package zonda.commands;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.vm.SendOptions;
import zonda.vm.TransferToken;
import zonda.vm.VmBundle;
import zonda.vm.Vms;

/** send, receive and install of vmadm(8). */
final class VmadmTransfer {
    private static final int BUFFER = 128 << 10;

    private final Vms vms;

    VmadmTransfer(Vms vms) {
        this.vms = vms;
    }

    void send(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "l|live s|resumable k|keep= i|incremental= t=");
        if (options.has("t")) {
            sendRest(session, options);
            return;
        }
        var how = new SendOptions(options.has("l"), options.value("k"), options.value("i"), options.has("s"));
        UUID uuid = VmadmTool.vm(vms, "send", options.operands());
        if (options.operands().size() > 1) {
            throw new OpException(
                    Code.USAGE, "send writes to standard output only; give it to vmadm receive of the other host");
        }
        write(session, out -> vms.transfer().send(uuid, how, out));
        session.err("Successfully sent VM " + uuid);
    }

    private void sendRest(Session session, Getopt options) {
        if (List.of("l", "s", "k", "i").stream().anyMatch(options::has)) {
            throw new OpException(
                    Code.USAGE, "-t goes on with what was sent, as that was sent: no other option goes with it");
        }
        if (!options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "-t says which VM it is: no other word goes with it");
        }
        TransferToken token = TransferToken.parse(options.value("t").orElseThrow());
        write(session, out -> vms.transfer().sendRest(token, out));
        session.err("Successfully sent VM " + token.vm());
    }

    private static void write(Session session, Consumer<OutputStream> sending) {
        if (session.outputIsTerminal()) {
            throw new OpException(Code.FAILED, "Cannot send VM to a TTY.");
        }
        try (OutputStream out = new BufferedOutputStream(session.outStream(), BUFFER)) {
            sending.accept(out);
        } catch (IOException e) {
            throw new UncheckedIOException("write standard output: " + e.getMessage(), e);
        }
    }

    void receive(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "f|file= P|pool= s|resumable");
        Optional<String> file = options.value("f").filter(name -> !name.equals("-"));
        if (file.isEmpty() && session.inputIsTerminal()) {
            throw new OpException(Code.FAILED, "Will not receive from stdin when stdin is a tty.");
        }
        InputStream in = file.map(session::fileStream).orElseGet(session::streamIn);
        UUID uuid = vms.reception().receive(in, options.value("P"), options.has("s"));
        session.err("Successfully received VM " + uuid);
    }

    /** The VM may run. The file is there when all of it is on disk. */
    void export(Session session, List<String> arguments) {
        List<String> operands = Getopt.parse(arguments, "").operands();
        UUID uuid = VmadmTool.vm(vms, "export", operands);
        try (CallerFile file = new CallerFile(session, file("export", operands, 1));
                OutputStream out = new BufferedOutputStream(file.out(), BUFFER)) {
            vms.transfer().export(uuid, out);
            file.keep();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        session.err("Successfully exported VM " + uuid);
    }

    /** Two readings: all is right with the file before anything is made of it. */
    void importVm(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "P|pool=");
        String file = file("import", options.operands(), 0);
        try {
            VmBundle.verify(session.fileStream(file));
        } catch (IOException e) {
            throw new OpException(Code.FAILED, String.valueOf(e.getMessage()), e);
        }
        UUID uuid = vms.reception().receive(session.fileStream(file), options.value("P"), false);
        session.err("Successfully imported VM " + uuid);
    }

    private static String file(String verb, List<String> operands, int position) {
        if (operands.size() != position + 1) {
            throw new OpException(Code.USAGE, "Invalid or missing file for " + verb);
        }
        return operands.get(position);
    }

    void install(Session session, List<String> arguments) {
        UUID uuid = VmadmTool.vm(vms, "install", Getopt.parse(arguments, "").operands());
        vms.reception().install(uuid);
        session.err("Successfully installed VM " + uuid);
    }
}
