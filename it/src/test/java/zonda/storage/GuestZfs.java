package zonda.storage;

import java.nio.file.Path;
import java.util.List;
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
        Guest.Ran ran = guest.sh(words.stream().map(GuestZfs::quoted).collect(Collectors.joining(" ")));
        return new Command.Result(ran.status(), ran.out(), ran.err());
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
