package zonda.images.tar;

import java.util.ArrayList;
import java.util.List;
import zonda.kernel.FileName;

/**
 * A name in an archive as a path below the target: its components, none of which leads up. The root has none.
 *
 * @param text the components joined with slashes
 * @param parent that of the directory the last component is in
 * @param name the last component; empty for the root
 */
record TarPath(String text, String parent, String name) {
    /** PATH_MAX, which no lookup takes more than, linux/limits.h; NAME_MAX is the filesystem's to check. */
    private static final int LIMIT = 4095;

    /** @throws TarException when it leads up, or can't be a name at all */
    static TarPath parse(String raw) throws TarException {
        List<String> parts = new ArrayList<>();
        for (String part : raw.split("/")) {
            if ("..".equals(part)) {
                throw new TarException("the name " + FileName.printable(raw) + " leads out of the archive");
            }
            if (!part.isEmpty() && !".".equals(part)) {
                parts.add(part);
            }
        }
        if (raw.length() > LIMIT || raw.indexOf(0) >= 0) {
            throw new TarException("not a name for a file: " + FileName.printable(abbreviate(raw)));
        }
        if (parts.isEmpty()) {
            return new TarPath("", "", "");
        }
        String name = parts.getLast();
        String parent = String.join("/", parts.subList(0, parts.size() - 1));
        return new TarPath(parent.isEmpty() ? name : parent + "/" + name, parent, name);
    }

    private static String abbreviate(String text) {
        return text.length() > 100 ? text.substring(0, 100) + "…" : text;
    }

    boolean isRoot() {
        return name.isEmpty();
    }

    @Override
    public String toString() {
        return FileName.printable(text);
    }
}
