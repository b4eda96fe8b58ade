package zonda.zstream;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import zonda.kernel.Access;
import zonda.kernel.DataFile;
import zonda.kernel.Directory;
import zonda.kernel.IoBuffer;

/**
 * Where the content of files is until all of the stream came and was found right: a directory of a random name beside
 * what is restored, which is removed at the end whatever happens, or one of a given name, which stays until it is
 * removed. Files in it are named by their objects' numbers. Confined to its caller.
 */
final class Staging implements AutoCloseable {
    private final Directory parent;
    private final String name;
    private final Directory directory;
    private final IoBuffer buffer = IoBuffer.of(1 << 20);
    private final Set<Long> staged = new HashSet<>();
    private Optional<DataFile> open = Optional.empty();
    private long openId;
    private boolean isKept;

    private Staging(Directory parent, String name, Directory directory, boolean isKept) {
        this.parent = parent;
        this.name = name;
        this.directory = directory;
        this.isKept = isKept;
    }

    static Staging in(Directory parent) {
        String name = ".zonda-receive-" + UUID.randomUUID();
        return new Staging(parent, name, make(parent, name), false);
    }

    private static Directory make(Directory parent, String name) {
        parent.mkdir(name);
        Directory made = parent.child(name);
        made.removeAttribute("system.posix_acl_default"); // what is made here takes nothing over
        return made;
    }

    /** A directory of this name that stays: made when it isn't there, with the files that it has when it is. */
    static Staging kept(Directory parent, String name) {
        if (parent.stat(name).isEmpty()) {
            return new Staging(parent, name, make(parent, name), true);
        }
        var staging = new Staging(parent, name, parent.child(name), true);
        staging.directory.names().stream()
                .filter(file -> file.matches("o[0-9]{1,18}"))
                .forEach(file -> staging.staged.add(Long.parseLong(file.substring(1))));
        return staging;
    }

    /** It goes when this is closed, kept or not. */
    void isDone() {
        isKept = false;
    }

    String name() {
        return name;
    }

    Directory directory() {
        return directory;
    }

    IoBuffer buffer() {
        return buffer;
    }

    static String file(long id) {
        return "o" + id;
    }

    /** Objects that have a file here at this moment. */
    Set<Long> ids() {
        return Set.copyOf(staged);
    }

    boolean has(long id) {
        return staged.contains(id);
    }

    /** The file of an object, open for writing; what was open before is closed. */
    DataFile file(long id, Consumer<DataFile> begin, Closing closing) {
        if (open.isPresent() && openId == id) {
            return open.get();
        }
        closeOpen(closing);
        boolean isNew = staged.add(id);
        DataFile file = isNew ? directory.createData(file(id)) : directory.openData(file(id));
        open = Optional.of(file);
        openId = id;
        if (isNew) {
            begin.accept(file);
        }
        return file;
    }

    /** What is to be done with a file before it is closed. */
    @FunctionalInterface
    interface Closing {
        void close(long id, DataFile file);
    }

    void closeOpen(Closing closing) {
        if (open.isPresent()) {
            DataFile file = open.get();
            open = Optional.empty();
            try (file) {
                closing.close(openId, file);
            }
        }
    }

    /** Forgets what came of an object. */
    void discard(long id) {
        if (openId == id) {
            open.ifPresent(DataFile::close);
            open = Optional.empty();
        }
        if (staged.remove(id)) {
            directory.unlink(file(id));
        }
    }

    /** The object's file has got another place. */
    void taken(long id) {
        staged.remove(id);
    }

    /** A directory in it, for a tree that is built. */
    Directory tree() {
        directory.mkdir("tree");
        directory.access("tree", Access.root(0700));
        return directory.child("tree");
    }

    @Override
    public void close() {
        open.ifPresent(DataFile::close);
        directory.close();
        if (!isKept) {
            parent.deleteTree(name);
        }
    }
}
