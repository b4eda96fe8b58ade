package zonda.zstream;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import zonda.kernel.FileName;
import zonda.kernel.FileStat;

/**
 * A tree of files as a dataset's objects describe it, checked in whole before anything is made of it: names that are
 * names, directories that have one name each and so make no circle, depths and lengths that Linux can have.
 */
final class TreePlan {
    /** Each level takes an open directory while it is restored. */
    static final int DEEPEST = 400;

    private static final int LONGEST_NAME = 255;
    private static final int LONGEST_SYMLINK = 4095;
    private static final int LARGEST_ATTRIBUTE = 1 << 20;
    private static final long OBJECT_BITS = (1L << 48) - 1;

    /** Content of files that the table has not: what a stream brought for objects that turn out to be attributes. */
    @FunctionalInterface
    interface Contents {
        /** @return the first {@code size} bytes, zeros where nothing came; empty when nothing is known of the object */
        Optional<byte[]> read(long id, int size);
    }

    /**
     * A file of the tree.
     *
     * @param attributes extended ones, by the names that Linux has for them
     * @param children of a directory, object numbers by name
     * @param parent the directory it was found in first, and under which name
     */
    record Node(
            long id,
            Znode znode,
            Map<String, byte[]> attributes,
            Map<String, Long> children,
            long parent,
            String name,
            int depth) {}

    private final ObjectTable table;
    private final Contents contents;
    private final AttributeSchema schema;
    private final long root;
    private final Map<Long, Node> nodes = new LinkedHashMap<>();

    private TreePlan(ObjectTable table, Contents contents, AttributeSchema schema, long root) {
        this.table = table;
        this.contents = contents;
        this.schema = schema;
        this.root = root;
    }

    /** A plan of nothing, before a full stream. */
    static TreePlan empty() {
        return new TreePlan(new ObjectTable(0), (_, _) -> Optional.empty(), AttributeSchema.none(), 0);
    }

    /** @throws StreamException when the objects make no tree, or not one that can be had here */
    static TreePlan of(ObjectTable table, Contents contents) {
        StoredObject master = table.find(1)
                .filter(object -> object.type() == StoredObject.MASTER_NODE)
                .orElseThrow(() -> StreamException.of(1, "the master node of the filesystem isn't there"));
        Map<String, Long> entries = Zap.numbers(master);
        Long root = entries.get("ROOT");
        if (root == null) {
            throw StreamException.of(1, "the master node names no root directory");
        }
        var plan = new TreePlan(table, contents, schema(table, entries), root);
        plan.walk();
        return plan;
    }

    /** The schema as far as its objects have come; empty before they have. */
    static Optional<AttributeSchema> schema(ObjectTable table) {
        return table.find(1)
                .filter(object -> object.type() == StoredObject.MASTER_NODE
                        && !object.blocks().isEmpty())
                .map(Zap::numbers)
                .map(entries -> schema(table, entries));
    }

    private static AttributeSchema schema(ObjectTable table, Map<String, Long> master) {
        Long attributes = master.get("SA_ATTRS");
        if (attributes == null) {
            return AttributeSchema.none();
        }
        Map<String, Long> parts = Zap.numbers(table.get(attributes));
        Long registry = parts.get("REGISTRY");
        Long layouts = parts.get("LAYOUTS");
        if (registry == null || layouts == null) {
            return AttributeSchema.none();
        }
        return AttributeSchema.of(table.get(registry), table.get(layouts));
    }

    AttributeSchema schema() {
        return schema;
    }

    long root() {
        return root;
    }

    Optional<Node> find(long id) {
        return Optional.ofNullable(nodes.get(id));
    }

    Map<Long, Node> nodes() {
        return nodes;
    }

    /** From the root, without a slash at the beginning; empty for the root. */
    String path(Node node) {
        Deque<String> names = new ArrayDeque<>();
        for (Node at = node; at.id() != root; at = find(at.parent()).orElseThrow()) {
            names.push(at.name());
        }
        return String.join("/", names);
    }

    private void walk() {
        Deque<Node> directories = new ArrayDeque<>();
        Node top = add(root, root, "", 0);
        if (!top.znode().isDirectory()) {
            throw StreamException.of(root, "the root of the filesystem isn't a directory");
        }
        directories.add(top);
        while (!directories.isEmpty()) {
            Node directory = directories.remove();
            directory.children().forEach((name, id) -> {
                Node known = nodes.get(id);
                if (known == null) {
                    Node child = add(id, directory.id(), name, directory.depth() + 1);
                    if (child.znode().isDirectory()) {
                        directories.add(child);
                    }
                } else if (known.znode().isDirectory()) {
                    throw StreamException.of(
                            id,
                            "this directory has two names, \"" + FileName.printable(name) + "\" in object "
                                    + directory.id() + " and one in object " + known.parent());
                }
            });
        }
    }

    private Node add(long id, long parent, String name, int depth) {
        if (depth > DEEPEST) {
            throw StreamException.of(id, "it is deeper than " + DEEPEST + " directories");
        }
        StoredObject object = table.get(id);
        Znode znode = Znode.of(object, schema);
        if (znode.symlink().isEmpty() && znode.kind() == FileStat.Kind.SYMLINK) {
            znode = withText(object, znode);
        }
        znode.symlink().ifPresent(text -> checkSymlink(id, text));
        Map<String, Long> children = znode.isDirectory() ? children(object) : Map.of();
        var node = new Node(id, znode, attributes(object, znode), children, parent, name, depth);
        nodes.put(id, node);
        return node;
    }

    /** Before version 5 a longer text is content of the object. */
    private Znode withText(StoredObject object, Znode znode) {
        if (znode.size() > LONGEST_SYMLINK) {
            throw StreamException.of(object.id(), "a symbolic link whose text has " + znode.size() + " bytes");
        }
        Optional<byte[]> text = content(object, (int) znode.size());
        text.ifPresent(bytes -> inline(object, bytes));
        return new Znode(
                znode.kind(),
                znode.mode(),
                znode.uid(),
                znode.gid(),
                znode.size(),
                znode.device(),
                znode.modified(),
                znode.attributeDirectory(),
                text.map(FileName::decode).or(() -> Optional.of("")),
                znode.packedAttributes(),
                znode.isAclTrivial());
    }

    private static void checkSymlink(long id, String text) {
        int length = FileName.encode(text).length;
        if (length == 0 || length > LONGEST_SYMLINK || text.indexOf(0) >= 0) {
            throw StreamException.of(
                    id,
                    "a symbolic link without a proper text: " + length + " bytes"
                            + (text.indexOf(0) >= 0 ? ", with a NUL" : ""));
        }
    }

    private static Map<String, Long> children(StoredObject directory) {
        Map<String, Long> children = new TreeMap<>();
        Zap.numbers(directory).forEach((name, value) -> {
            checkName(directory.id(), name);
            children.put(name, value & OBJECT_BITS);
        });
        return children;
    }

    private static void checkName(long directory, String name) {
        boolean isBad = name.isEmpty()
                || name.equals(".")
                || name.equals("..")
                || name.indexOf('/') >= 0
                || name.indexOf(0) >= 0;
        if (isBad) {
            throw StreamException.of(
                    directory, "this directory has an entry \"" + FileName.printable(name) + "\", which is no name");
        }
        int length = FileName.encode(name).length;
        if (length > LONGEST_NAME) {
            throw StreamException.of(
                    directory,
                    "this directory has a name of " + length + " bytes, \""
                            + FileName.printable(name.substring(0, 40)) + "...\", and Linux has names of up to "
                            + LONGEST_NAME + "; rename it before sending");
        }
    }

    private Map<String, byte[]> attributes(StoredObject object, Znode znode) {
        if (!znode.hasAttributes()) {
            return Map.of();
        }
        Map<String, byte[]> attributes = new TreeMap<>();
        if (znode.attributeDirectory() != 0) {
            StoredObject directory = table.get(znode.attributeDirectory());
            if (directory.type() != StoredObject.DIRECTORY) {
                throw StreamException.of(
                        object.id(), "its attributes are in object " + directory.id() + ", which isn't a directory");
            }
            children(directory).forEach((name, id) -> {
                StoredObject file = table.get(id);
                Znode of = Znode.of(file, schema);
                if (of.isFile() && of.size() <= LARGEST_ATTRIBUTE) {
                    byte[] content = content(file, (int) of.size()).orElseGet(() -> new byte[(int) of.size()]);
                    inline(file, content);
                    attributes.put(linuxName(name), content);
                }
            });
        }
        znode.packedAttributes().members().forEach((name, value) -> {
            if (value instanceof NvList.Value.Bytes(byte[] bytes)) {
                attributes.put(linuxName(name), bytes);
            }
        });
        return attributes;
    }

    /** Linux' ZFS keeps the namespace in the name; illumos has none, and what users set there are users' attributes. */
    private static String linuxName(String name) {
        boolean hasNamespace = name.startsWith("user.")
                || name.startsWith("system.")
                || name.startsWith("security.")
                || name.startsWith("trusted.");
        return hasNamespace ? name : "user." + name;
    }

    private void inline(StoredObject object, byte[] content) {
        if (!object.isInline()) {
            long before = object.weight();
            object.inline(content);
            table.weigh(before, object);
        }
    }

    private Optional<byte[]> content(StoredObject object, int size) {
        if (!object.isInline()) {
            return contents.read(object.id(), size);
        }
        byte[] content = new byte[size];
        object.blocks().forEach((offset, block) -> {
            if (offset < size) {
                System.arraycopy(block, 0, content, offset.intValue(), (int) Math.min(block.length, size - offset));
            }
        });
        return Optional.of(content);
    }

    /** Whether two nodes differ in nothing but their content. */
    static boolean areAlike(Node one, Node other) {
        return one.znode().isLike(other.znode())
                && one.attributes().keySet().equals(other.attributes().keySet())
                && one.attributes().entrySet().stream()
                        .allMatch(entry -> Arrays.equals(
                                entry.getValue(), other.attributes().get(entry.getKey())));
    }
}
