package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.function.BiConsumer;

/** An eBPF map: bpf(2). Keys and values are bytes in the processor's order; per-CPU values are those of all CPUs. */
public final class BpfMap implements AutoCloseable {
    /** Kinds of maps: enum bpf_map_type. */
    public enum Type {
        HASH(1, false),
        ARRAY(2, false),
        PERCPU_HASH(5, true),
        PERCPU_ARRAY(6, true),
        ARRAY_OF_MAPS(12, false),
        RINGBUF(27, false),
        TASK_STORAGE(29, false);

        final int number;
        final boolean perCpu;

        Type(int number, boolean perCpu) {
            this.number = number;
            this.perCpu = perCpu;
        }
    }

    private static final int NO_PREALLOC = 1;
    private static final int BATCH = 4096;

    private final Fd fd;
    private final Type type;
    private final int keySize;
    private final int valueSize;

    private BpfMap(Fd fd, Type type, int keySize, int valueSize) {
        this.fd = fd;
        this.type = type;
        this.keySize = keySize;
        this.valueSize = valueSize;
    }

    /** Makes a map; hashes take their memory as they grow. Sizes are bytes. @throws KernelException as bpf(2) */
    public static BpfMap create(Type type, int keySize, int valueSize, int entries) {
        return create(type, keySize, valueSize, entries, Optional.empty());
    }

    private static BpfMap create(Type type, int keySize, int valueSize, int entries, Optional<Fd> inner) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = Bpf.attributes(arena);
            attributes.set(JAVA_INT, 0, type.number);
            attributes.set(JAVA_INT, 4, keySize);
            attributes.set(JAVA_INT, 8, valueSize);
            attributes.set(JAVA_INT, 12, type == Type.TASK_STORAGE ? 0 : entries);
            boolean grows = type == Type.HASH || type == Type.PERCPU_HASH || type == Type.TASK_STORAGE;
            attributes.set(JAVA_INT, 16, grows ? NO_PREALLOC : 0);
            inner.ifPresent(map -> attributes.set(JAVA_INT, 20, map.number()));
            if (type != Type.TASK_STORAGE) {
                return made(type, keySize, valueSize, attributes);
            }
            try (Fd btf = BpfTypes.storage(valueSize)) {
                attributes.set(JAVA_INT, 48, btf.number());
                attributes.set(JAVA_INT, 52, BpfTypes.KEY);
                attributes.set(JAVA_INT, 56, BpfTypes.VALUE);
                return made(type, keySize, valueSize, attributes);
            }
        }
    }

    private static BpfMap made(Type type, int keySize, int valueSize, MemorySegment attributes) {
        int number = (int) Bpf.call("make an eBPF map of type", type, Bpf.MAP_CREATE, attributes);
        return new BpfMap(new Fd(number, type + " map"), type, keySize, valueSize);
    }

    /** An array of ring buffers, one for each processor. */
    public static BpfMap ofRings(java.util.List<BpfRing> rings) {
        BpfMap array = create(
                Type.ARRAY_OF_MAPS,
                4,
                4,
                rings.size(),
                Optional.of(rings.getFirst().fd()));
        for (int i = 0; i < rings.size(); i++) {
            array.update(
                    bytes(4).putInt(0, i).array(),
                    bytes(4).putInt(0, rings.get(i).fd().number()).array());
        }
        return array;
    }

    /** A buffer in the processor's order. */
    public static ByteBuffer bytes(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
    }

    /** The descriptor's number, for {@link BpfAssembler#link}. */
    public int descriptor() {
        return fd.number();
    }

    public int keySize() {
        return keySize;
    }

    /** Bytes of one value, as they are looked up: for per-CPU maps those of all CPUs, each rounded up to eight. */
    public int lookupSize() {
        return type.perCpu ? (valueSize + 7) / 8 * 8 * Bpf.possibleCpus() : valueSize;
    }

    public Optional<ByteBuffer> lookup(byte[] key) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(lookupSize(), 8);
            MemorySegment attributes = element(arena, key);
            attributes.set(JAVA_LONG, 16, value.address());
            Bpf.call("look up in", fd, Bpf.MAP_LOOKUP, attributes);
            return Optional.of(ByteBuffer.wrap(value.toArray(JAVA_BYTE)).order(ByteOrder.nativeOrder()));
        } catch (KernelException e) {
            if (e.is(Errno.ENOENT)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Puts a value; for per-CPU maps those of all CPUs. */
    public void update(byte[] key, byte[] value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(Math.max(lookupSize(), value.length), 8);
            MemorySegment.copy(value, 0, memory, JAVA_BYTE, 0, value.length);
            MemorySegment attributes = element(arena, key);
            attributes.set(JAVA_LONG, 16, memory.address());
            Bpf.call("update", fd, Bpf.MAP_UPDATE, attributes);
        }
    }

    /** Removes a key, if it is there. */
    public void delete(byte[] key) {
        try (Arena arena = Arena.ofConfined()) {
            Bpf.call("delete from", fd, Bpf.MAP_DELETE, element(arena, key));
        } catch (KernelException e) {
            if (!e.is(Errno.ENOENT)) {
                throw e;
            }
        }
    }

    private MemorySegment element(Arena arena, byte[] key) {
        MemorySegment memory = arena.allocate(Math.max(key.length, 8), 8);
        MemorySegment.copy(key, 0, memory, JAVA_BYTE, 0, key.length);
        MemorySegment attributes = Bpf.attributes(arena);
        attributes.set(JAVA_INT, 0, fd.number());
        attributes.set(JAVA_LONG, 8, memory.address());
        return attributes;
    }

    /** Every element of a hash: BPF_MAP_LOOKUP_BATCH. What is added meanwhile may or may not be seen. */
    public void forEach(BiConsumer<byte[], ByteBuffer> sink) {
        int size = lookupSize();
        int batch = Math.clamp((8 << 20) / size, 64, BATCH);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment keys = arena.allocate((long) batch * keySize, 8);
            MemorySegment values = arena.allocate((long) batch * size, 8);
            MemorySegment position = arena.allocate(Math.max(keySize, 8), 8);
            boolean first = true;
            boolean more = true;
            while (more) {
                MemorySegment attributes = Bpf.attributes(arena);
                attributes.set(JAVA_LONG, 0, first ? 0 : position.address());
                attributes.set(JAVA_LONG, 8, position.address());
                attributes.set(JAVA_LONG, 16, keys.address());
                attributes.set(JAVA_LONG, 24, values.address());
                attributes.set(JAVA_INT, 32, batch);
                attributes.set(JAVA_INT, 36, fd.number());
                more = batch(attributes);
                first = false;
                for (int i = 0; i < attributes.get(JAVA_INT, 32); i++) {
                    sink.accept(
                            keys.asSlice((long) i * keySize, keySize).toArray(JAVA_BYTE),
                            ByteBuffer.wrap(values.asSlice((long) i * size, size)
                                            .toArray(JAVA_BYTE))
                                    .order(ByteOrder.nativeOrder()));
                }
            }
        }
    }

    private boolean batch(MemorySegment attributes) {
        try {
            Bpf.call("look up all of", fd, Bpf.MAP_LOOKUP_BATCH, attributes);
            return true;
        } catch (KernelException e) {
            if (e.is(Errno.ENOENT)) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
