package zonda.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.FileVersion;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.StateFile;

/**
 * The records of all VMs: a file each in {@code /etc/zones}, and the same in memory. A change is on disk before it is
 * seen; only a VM that is being made is in memory alone, as long as the journal's intent holds all of it. Any thread may
 * read; a VM's record is changed by the holder of its lane, and by its guest's metadata writes, each through
 * {@link #change}.
 */
public final class VmStore {
    private static final System.Logger LOG = System.getLogger(VmStore.class.getName());
    private static final String SUFFIX = ".xml";

    /** Of a line of the index. */
    private static final int UUID_FIELD = 3;

    private final Path directory;
    private final ZoneDocuments documents;
    private final Map<UUID, VmRecord> records = new ConcurrentHashMap<>();
    private final Map<UUID, Instant> modified = new ConcurrentHashMap<>();
    /** The files that the records were last read from or written to. */
    private final Map<UUID, FileVersion> taken = new ConcurrentHashMap<>();

    private final List<Foreign> foreign = new ArrayList<>();
    private volatile Consumer<UUID> changed = _ -> {};

    /** A zone that another host's tools configured, and where its file is. */
    record Foreign(Json.Obj properties, Path file) {}

    /** @param mountpoints of each pool by its name */
    public VmStore(Path directory, PropertyTable table, Function<String, Path> mountpoints) {
        this.directory = directory;
        this.documents = new ZoneDocuments(table, mountpoints);
    }

    /** Reads what is there. @throws OpException FAILED naming the file that can't be read */
    public void start() {
        try {
            Files.createDirectories(directory);
            StateFile.discardTemporaries(directory);
            Map<String, UUID> named = index();
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(SUFFIX)).toList()) {
                    String name = file.getFileName().toString();
                    name = name.substring(0, name.length() - SUFFIX.length());
                    UUID uuid = Values.isUuid(name) ? UUID.fromString(name) : named.get(name);
                    if (uuid == null) {
                        LOG.log(System.Logger.Level.WARNING, file + " is of no zone in the index; left alone");
                    } else {
                        read(uuid, file);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("read " + directory + ": " + e, e);
        }
    }

    /** The UUIDs that the index gives to names. */
    private Map<String, UUID> index() {
        var named = new HashMap<String, UUID>();
        StateFile.read(directory.resolve("index")).orElse("").lines().forEach(line -> {
            String[] fields = line.split(":");
            if (fields.length > UUID_FIELD && Values.isUuid(fields[UUID_FIELD])) {
                named.put(fields[0], UUID.fromString(fields[UUID_FIELD]));
            }
        });
        return named;
    }

    private void read(UUID uuid, Path file) throws IOException {
        try {
            switch (documents.read(uuid, StateFile.read(file).orElseThrow())) {
                case ZoneDocuments.Found.Ours(VmRecord record) -> {
                    records.put(uuid, record);
                    var now = FileVersion.of(file);
                    modified.put(uuid, now.modified().toInstant());
                    taken.put(uuid, now);
                }
                case ZoneDocuments.Found.Foreign(Json.Obj properties) -> foreign.add(new Foreign(properties, file));
            }
        } catch (OpException | Json.JsonSyntaxException | IllegalArgumentException e) {
            throw new OpException(Code.FAILED, "read " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Takes in what somebody else wrote to the file of a VM that is known: its properties, and neither where it is in its
     * life nor what its datasets go by.
     *
     * @throws OpException INVALID saying what of the file can't be
     */
    synchronized void reread(UUID uuid) {
        Optional<FileVersion> written = version(uuid);
        find(uuid)
                .ifPresent(known -> StateFile.read(file(uuid))
                        .filter(text -> !text.equals(documents.write(known).text()))
                        .map(text -> known.with(documents.edited(known, text)))
                        .filter(read -> !read.equals(known))
                        .ifPresent(this::replace));
        written.ifPresent(version -> taken.put(uuid, version));
    }

    /** As {@link #reread} where there is something new; what can't be taken in is for {@link EditedFiles} to tell. */
    private void refresh(UUID uuid) {
        if (records.containsKey(uuid)
                && version(uuid).filter(now -> !now.equals(taken.get(uuid))).isPresent()) {
            try {
                reread(uuid);
            } catch (OpException e) {
                LOG.log(System.Logger.Level.DEBUG, "{0} is as it was: {1}", uuid, e.getMessage());
            }
        }
    }

    /** Empty when the VM has no file. */
    private Optional<FileVersion> version(UUID uuid) {
        try {
            return Optional.of(FileVersion.of(file(uuid)));
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    private void replace(VmRecord read) {
        records.put(read.uuid(), read);
        modified.put(read.uuid(), Instant.now());
        changed.accept(read.uuid());
    }

    /** Of which VM a file in the directory is, by its name. */
    static Optional<UUID> ofFile(Path file) {
        String name = file.getFileName().toString();
        return Optional.of(name)
                .filter(text -> text.endsWith(SUFFIX))
                .map(text -> text.substring(0, text.length() - SUFFIX.length()))
                .filter(Values::isUuid)
                .map(UUID::fromString);
    }

    Path directory() {
        return directory;
    }

    /** Takes in the zones that another host's tools configured. @param record makes a record of its properties */
    synchronized void takeIn(Function<Json.Obj, VmRecord> record) {
        for (Foreign one : foreign) {
            VmRecord made = record.apply(one.properties());
            put(made);
            if (!one.file().equals(file(made.uuid()))) {
                StateFile.delete(one.file());
            }
        }
        foreign.clear();
    }

    /** A VM's configuration as zonecfg(8) has it. */
    XmlElement zone(VmRecord vm) {
        return documents.zone(vm);
    }

    /** The properties that such a configuration stands for. */
    Json.Obj properties(XmlElement zone, UUID uuid) {
        return documents.properties(zone, uuid);
    }

    /** @param listener hears of each VM whose record changed, from whatever thread, and must not block it */
    void onChange(Consumer<UUID> listener) {
        changed = listener;
    }

    /** Changes a record that is there, atomically against other changes; durable when it returns. */
    synchronized void change(UUID vm, UnaryOperator<VmRecord> change) {
        refresh(vm);
        find(vm).map(change).ifPresent(this::put);
    }

    /** How far a VM's life has come; durable when it returns. */
    void change(UUID vm, VmRecord.Life life) {
        change(vm, record -> record.with(life));
    }

    /** Durable when it returns. */
    synchronized void put(VmRecord record) {
        ZoneDocuments.Written kept = documents.write(record);
        StateFile.replace(file(record.uuid()), kept.text());
        version(record.uuid()).ifPresent(version -> taken.put(record.uuid(), version));
        VmRecord before = records.put(record.uuid(), kept.vm());
        modified.put(record.uuid(), Instant.now());
        if (before == null || before.life() != record.life()) {
            writeIndex();
        }
        changed.accept(record.uuid());
    }

    /** Read by people and other tools; the records are in the other files. */
    private void writeIndex() {
        Path index = directory.resolve("index");
        if (records.isEmpty()) {
            StateFile.delete(index);
            return;
        }
        List<VmRecord> sorted = records.values().stream()
                .sorted(Comparator.comparing(vm -> vm.uuid().toString()))
                .toList();
        StateFile.replaceVolatile(index, documents.index(sorted));
    }

    /** Takes the record in; it is not on disk before {@link #change} or {@link #put} of it. */
    synchronized void hold(VmRecord record) {
        records.put(record.uuid(), documents.ordered(record));
        modified.put(record.uuid(), Instant.now());
        changed.accept(record.uuid());
    }

    /** Durable when it returns. */
    synchronized void remove(UUID vm) {
        StateFile.delete(file(vm));
        records.remove(vm);
        modified.remove(vm);
        taken.remove(vm);
        writeIndex();
        changed.accept(vm);
    }

    /** Removes all records: their VMs are gone, or about to be. */
    public void forgetAll() {
        List.copyOf(records.keySet()).forEach(this::remove);
    }

    public Optional<VmRecord> find(UUID vm) {
        return Optional.ofNullable(records.get(vm));
    }

    public Instant lastModified(UUID vm) {
        return modified.getOrDefault(vm, Instant.EPOCH);
    }

    public Collection<VmRecord> all() {
        return List.copyOf(records.values());
    }

    /**
     * The VM that an operator means: by its UUID, by an alias that only it has, or by the beginning of its UUID when
     * that is unique. What was just written to its file by hand is taken in first.
     *
     * @throws OpException NOT_FOUND or CONFLICT saying which VMs it could be
     */
    public UUID resolve(String word) {
        UUID vm = named(word);
        refresh(vm);
        return vm;
    }

    private UUID named(String word) {
        if (Values.isUuid(word)) {
            return UUID.fromString(word);
        }
        List<UUID> byAlias = matching(record -> record.config().alias().equals(Optional.of(word))
                || record.config().zonename().equals(word));
        List<UUID> found = byAlias.isEmpty() && word.matches("[0-9a-f][0-9a-f-]*")
                ? matching(record -> record.uuid().toString().startsWith(word))
                : byAlias;
        if (found.isEmpty()) {
            throw new OpException(Code.NOT_FOUND, "no VM has UUID, UUID prefix or alias \"" + word + "\"");
        }
        if (found.size() > 1) {
            throw new OpException(
                    Code.CONFLICT,
                    "\"" + word + "\" is not unique: "
                            + String.join(
                                    ", ", found.stream().map(UUID::toString).toList()));
        }
        return found.getFirst();
    }

    private List<UUID> matching(java.util.function.Predicate<VmRecord> wanted) {
        return records.values().stream()
                .filter(wanted)
                .map(VmRecord::uuid)
                .sorted(Comparator.comparing(UUID::toString))
                .toList();
    }

    private Path file(UUID vm) {
        return directory.resolve(vm + SUFFIX);
    }
}
