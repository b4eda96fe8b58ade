package zonda.zstream;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The checksum of a stream: four running sums over its 32-bit words, each in the sender's byte order. */
final class Fletcher4 {
    private static final VarHandle LITTLE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle BIG = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    /** What the sums are at some place. */
    record Sum(long a, long b, long c, long d) {
        static final Sum ZERO = new Sum(0, 0, 0, 0);

        static Sum read(Words words, byte[] bytes, int at) {
            return new Sum(
                    words.i64(bytes, at),
                    words.i64(bytes, at + 8),
                    words.i64(bytes, at + 16),
                    words.i64(bytes, at + 24));
        }

        void write(Words words, byte[] bytes, int at) {
            words.put64(bytes, at, a);
            words.put64(bytes, at + 8, b);
            words.put64(bytes, at + 16, c);
            words.put64(bytes, at + 24, d);
        }
    }

    private long a;
    private long b;
    private long c;
    private long d;

    void reset() {
        a = 0;
        b = 0;
        c = 0;
        d = 0;
    }

    Sum sum() {
        return new Sum(a, b, c, d);
    }

    /** @param length a multiple of 4 */
    void add(Words words, byte[] bytes, int from, int length) {
        if (words == Words.LITTLE) {
            addLittle(bytes, from, from + length);
        } else {
            addBig(bytes, from, from + length);
        }
    }

    private void addLittle(byte[] bytes, int from, int to) {
        long a = this.a;
        long b = this.b;
        long c = this.c;
        long d = this.d;
        for (int at = from; at < to; at += 4) {
            a += (int) LITTLE.get(bytes, at) & 0xffff_ffffL;
            b += a;
            c += b;
            d += c;
        }
        this.a = a;
        this.b = b;
        this.c = c;
        this.d = d;
    }

    private void addBig(byte[] bytes, int from, int to) {
        long a = this.a;
        long b = this.b;
        long c = this.c;
        long d = this.d;
        for (int at = from; at < to; at += 4) {
            a += (int) BIG.get(bytes, at) & 0xffff_ffffL;
            b += a;
            c += b;
            d += c;
        }
        this.a = a;
        this.b = b;
        this.c = c;
        this.d = d;
    }
}
