package zonda.dtrace;

import java.util.Optional;
import zonda.base.OpException;
import zonda.dtrace.output.Consumer;

/** Where the output of a session goes: the caller, or the file of -o or freopen(), which the caller writes itself. */
final class Outlet implements Consumer.Outlet {
    private final Dtrace.Terminal terminal;
    private final Optional<String> first;
    private Optional<String> file;

    /** @param output the file of -o @throws Complaint when it can't be written to */
    Outlet(Dtrace.Terminal terminal, Optional<String> output) {
        this.terminal = terminal;
        this.first = output;
        this.file = output;
        output.ifPresent(name -> {
            try {
                terminal.write(name, "", true);
            } catch (OpException e) {
                throw new Complaint("failed to open output file '" + name + "': " + reason(e, name));
            }
        });
    }

    /** What the system says, without the path that it begins with. */
    static String reason(OpException e, String name) {
        String text = String.valueOf(e.getMessage());
        return text.startsWith(name + " (") && text.endsWith(")")
                ? text.substring(name.length() + 2, text.length() - 1)
                : text;
    }

    @Override
    public void out(String text) {
        if (text.isEmpty()) {
            return;
        }
        if (file.isEmpty()) {
            terminal.out(text);
            return;
        }
        write(file.get(), text, true);
    }

    /** A file of its own, replaced. */
    void write(String name, String text) {
        write(name, text, false);
    }

    private void write(String name, String text, boolean append) {
        try {
            terminal.write(name, text, append);
        } catch (OpException e) {
            throw new Complaint("failed to write to '" + name + "': " + reason(e, name));
        }
    }

    @Override
    public void err(String text) {
        terminal.err(text);
    }

    /** The output goes where freopen() has put standard output; the file of -o is another. */
    @Override
    public void run(String command) {
        try {
            terminal.system(command, first.isEmpty() ? file.orElse("") : "");
        } catch (OpException e) {
            throw new Complaint("failed to run '" + command + "': " + e.getMessage());
        }
    }

    @Override
    public Optional<String> reopen(String name) {
        if (!name.isEmpty()) {
            try {
                terminal.write(name, "", true);
            } catch (OpException e) {
                return Optional.of(reason(e, name));
            }
        }
        file = name.isEmpty() ? first : Optional.of(name);
        return Optional.empty();
    }

    @Override
    public void truncate() {
        file.ifPresent(name -> write(name, "", false));
    }
}
