package zonda.zstream;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import zonda.kernel.DeviceNumber;
import zonda.kernel.FileStat;

/** A file of a tree that is to be sent: what the host says of it, and the object it becomes. Confined to its sender. */
final class FoundFile {
    /** What the host says, once. */
    record Facts(FileStat stat, DeviceNumber device, Optional<String> symlink, Map<String, byte[]> attributes) {}

    private final Facts facts;
    private final Optional<FoundFile> parent;
    private final String name;
    private final Map<String, FoundFile> children = new TreeMap<>();
    private long id;

    /** @param parent the directory it was found in first; empty for the root */
    FoundFile(Facts facts, Optional<FoundFile> parent, String name) {
        this.facts = facts;
        this.parent = parent;
        this.name = name;
    }

    FileStat stat() {
        return facts.stat();
    }

    Facts facts() {
        return facts;
    }

    Optional<FoundFile> parent() {
        return parent;
    }

    String name() {
        return name;
    }

    /** Of a directory. */
    Map<String, FoundFile> children() {
        return children;
    }

    /** The object's number; 0 before it has one. */
    long id() {
        return id;
    }

    void id(long number) {
        id = number;
    }

    /** From the root, without a slash at the beginning; empty for the root. */
    String path() {
        return parent.map(directory -> directory.parent.isEmpty() ? name : directory.path() + "/" + name)
                .orElse("");
    }
}
