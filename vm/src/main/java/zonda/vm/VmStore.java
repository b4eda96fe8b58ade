package zonda.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.StateFile;

/**
 * The records of all VMs: a file each in {@code /etc/zones}, and the same in memory. A change is on disk before it is
 * seen; only a VM that is being made is in memory alone, as long as the journal's intent holds all of it. Any thread may read; a VM's record is changed by the holder of its lane, and by its guest's metadata writes, each
 * through {@link #change}.
 */
public final class VmStore {
    private final Path directory;
    private final Map<UUID, VmRecord> records = new ConcurrentHashMap<>();
    private final Map<UUID, Instant> modified = new ConcurrentHashMap<>();

    public VmStore(Path directory) {
        this.directory = directory;
    }

    /** Reads what is there. @throws OpException FAILED naming the file that can't be read */
    public void start() {
        try {
            Files.createDirectories(directory);
            StateFile.discardTemporaries(directory);
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".json")).toList()) {
                    VmRecord record = VmRecord.of(StateFile.readObject(file).orElseThrow());
                    records.put(record.uuid(), record);
                    modified.put(record.uuid(), Files.getLastModifiedTime(file).toInstant());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("read " + directory + ": " + e, e);
        }
    }

    /** Changes a record that is there, atomically against other changes; durable when it returns. */
    synchronized void change(UUID vm, UnaryOperator<VmRecord> change) {
        find(vm).map(change).ifPresent(this::put);
    }

    /** Durable when it returns. */
    synchronized void put(VmRecord record) {
        StateFile.replace(file(record.uuid()), record.toJson());
        hold(record);
    }

    /** Takes the record in; it is not on disk before {@link #change} or {@link #put} of it. */
    synchronized void hold(VmRecord record) {
        records.put(record.uuid(), record);
        modified.put(record.uuid(), Instant.now());
    }

    /** Durable when it returns. */
    synchronized void remove(UUID vm) {
        StateFile.delete(file(vm));
        records.remove(vm);
        modified.remove(vm);
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
     * that is unique.
     *
     * @throws OpException NOT_FOUND or CONFLICT saying which VMs it could be
     */
    public UUID resolve(String word) {
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
        return directory.resolve(vm + ".json");
    }
}
