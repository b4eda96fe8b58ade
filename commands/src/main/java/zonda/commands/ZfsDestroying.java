package zonda.commands;

import java.util.List;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Datasets;
import zonda.storage.DestroyOptions;

/** {@code zfs destroy}. */
final class ZfsDestroying {
    static final String OPTIONS = "r R f n v p d";

    private final Datasets datasets;

    ZfsDestroying(Datasets datasets) {
        this.datasets = datasets;
    }

    /** {@code -f} changes nothing: Linux doesn't unmount what is in use either way. */
    void destroy(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, OPTIONS);
        String what = ZfsChanging.one(options, "dataset");
        var how = new DestroyOptions(options.has("r"), options.has("R"), options.has("d"));
        if (what.indexOf('#') >= 0) {
            bookmark(what, options, how);
            return;
        }
        if (how.deferred() && what.indexOf('@') < 0) {
            throw new OpException(Code.INVALID, "cannot open '" + what + "': missing '@' delimiter in snapshot name");
        }
        if (options.has("n") || options.has("v") || options.has("p")) {
            List<String> names = datasets.wouldDestroy(what, how);
            String line = options.has("p") ? "destroy\t" : options.has("n") ? "would destroy " : "will destroy ";
            if (options.has("v") || options.has("p")) {
                names.forEach(name -> session.out(line + name + "\n"));
            }
        }
        if (!options.has("n")) {
            datasets.destroy(what, how);
        }
    }

    private void bookmark(String name, Getopt options, DestroyOptions how) {
        String refused =
                options.has("n") ? "dryrun" : how.deferred() ? "defer destroy" : how.recursive() ? "recursive" : "";
        if (!refused.isEmpty()) {
            throw new OpException(Code.INVALID, refused + " is not supported with bookmark");
        }
        datasets.destroy(name, how);
    }
}
