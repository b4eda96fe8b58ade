package zonda.zstream;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Numbers in a byte array, in one of the two byte orders. Unsigned ones of less than 64 bits come as such. */
enum Words {
    LITTLE(ByteOrder.LITTLE_ENDIAN),
    BIG(ByteOrder.BIG_ENDIAN);

    private final VarHandle shorts;
    private final VarHandle ints;
    private final VarHandle longs;

    Words(ByteOrder order) {
        shorts = MethodHandles.byteArrayViewVarHandle(short[].class, order);
        ints = MethodHandles.byteArrayViewVarHandle(int[].class, order);
        longs = MethodHandles.byteArrayViewVarHandle(long[].class, order);
    }

    static int u8(byte[] bytes, int at) {
        return bytes[at] & 0xff;
    }

    int u16(byte[] bytes, int at) {
        return (short) shorts.get(bytes, at) & 0xffff;
    }

    int i32(byte[] bytes, int at) {
        return (int) ints.get(bytes, at);
    }

    long u32(byte[] bytes, int at) {
        return i32(bytes, at) & 0xffff_ffffL;
    }

    long i64(byte[] bytes, int at) {
        return (long) longs.get(bytes, at);
    }

    void put16(byte[] bytes, int at, int value) {
        shorts.set(bytes, at, (short) value);
    }

    void put32(byte[] bytes, int at, int value) {
        ints.set(bytes, at, value);
    }

    void put64(byte[] bytes, int at, long value) {
        longs.set(bytes, at, value);
    }

    /** Turns the 64-bit numbers in a part of the array around. */
    static void swap64(byte[] bytes, int from, int to) {
        for (int at = from; at + 8 <= to; at += 8) {
            LITTLE.put64(bytes, at, BIG.i64(bytes, at));
        }
    }

    static void swap32(byte[] bytes, int at) {
        LITTLE.put32(bytes, at, BIG.i32(bytes, at));
    }

    static void swap16(byte[] bytes, int at) {
        LITTLE.put16(bytes, at, BIG.u16(bytes, at));
    }
}
