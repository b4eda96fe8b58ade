package zonda.storage;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import zonda.it.guest.Guest;
import zonda.it.guest.OpenZfsGuest;
import zonda.kernel.Command;

/**
 * The programs of a guest with OpenZFS, run from here: a Java there would take minutes to do what takes seconds here,
 * and the driver does nothing but by programs.
 */
final class GuestZfs implements ZfsProgram {
    private final OpenZfsGuest guest;

    GuestZfs(OpenZfsGuest guest) {
        this.guest = guest;
    }

    @Override
    public Command.Result run(List<String> words) {
        Guest.Ran ran = guest.sh(line(words));
        return new Command.Result(ran.status(), ran.out(), ran.err());
    }

    /** All at once, since what goes in and out is text. */
    @Override
    public Command.Result feed(List<String> words, Consumer<OutputStream> input) {
        var stream = new ByteArrayOutputStream();
        RuntimeException failed = null;
        try {
            input.accept(stream);
        } catch (RuntimeException e) {
            failed = e;
        }
        Guest.Ran ran = guest.sh("base64 -d <<'END' | " + line(words) + "\n"
                + Base64.getMimeEncoder().encodeToString(stream.toByteArray()).replace("\r", "") + "\nEND");
        if (failed != null) {
            throw failed;
        }
        return new Command.Result(ran.status(), ran.out(), ran.err());
    }

    @Override
    public Command.Result pour(List<String> words, OutputStream out) {
        Guest.Ran ran = guest.sh(line(words) + " >/run/stream || exit; base64 /run/stream; rm /run/stream");
        try {
            out.write(Base64.getMimeDecoder().decode(ran.out()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Command.Result(ran.status(), "", ran.err());
    }

    private static String line(List<String> words) {
        return words.stream().map(GuestZfs::quoted).collect(Collectors.joining(" "));
    }

    static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }

    /** The guest has no udev, so it is asked which it is. */
    @Override
    public Path device(String volume) {
        return Path.of(guest.sh("tries=0; while [ $tries -lt 100 ]; do for device in /dev/zd*; do"
                        + " [ \"$(/usr/lib/udev/zvol_id $device 2>/dev/null)\" = " + quoted(volume)
                        + " ] && echo $device && exit 0; done; tries=$((tries + 1)); sleep 0.1; done; exit 1")
                .good());
    }

    Guest.Ran sh(String script) {
        return guest.sh(script);
    }
}
