package zonda.vm;

import java.util.Optional;
import java.util.regex.Pattern;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * How a VM is sent: vmadm(8), send.
 *
 * @param live whether it runs on
 * @param keep the name under which both hosts keep what is sent, for a later increment
 * @param from the name of what was sent before, and is not sent again
 * @param resumable whether what is sent stays until all of it was taken, so that the rest can be sent
 */
public record SendOptions(boolean live, Optional<String> keep, Optional<String> from, boolean resumable) {
    /** Whole, and at an end. */
    public static final SendOptions WHOLE = new SendOptions(false, Optional.empty(), Optional.empty(), false);

    /** As an export. */
    static final SendOptions LIVE = new SendOptions(true, Optional.empty(), Optional.empty(), false);

    /** Before the name, in the names of the snapshots that are kept. */
    static final String KEPT = "sent-";

    /** The snapshots of what is sent resumably, and not kept. */
    static final String RESUMABLE = "resumable";

    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_.:-]{1,64}");

    public SendOptions {
        keep.ifPresent(SendOptions::requireName);
        from.ifPresent(SendOptions::requireName);
        if (keep.isPresent() && keep.equals(from)) {
            throw new OpException(Code.USAGE, "-k and -i name the same: " + keep.get());
        }
    }

    private static void requireName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new OpException(Code.USAGE, "\"" + name + "\" can not be the name of what was sent");
        }
    }

    /** The snapshots that are sent. */
    String snapshot(String otherwise) {
        return keep.map(name -> KEPT + name).orElse(resumable ? RESUMABLE : otherwise);
    }

    /** The snapshots that the other host has already. */
    Optional<String> base() {
        return from.map(name -> KEPT + name);
    }
}
