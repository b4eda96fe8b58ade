package zonda.kernel;

/** Which device a node stands for: major and minor number as unsigned 32 bits, makedev(3). */
public record DeviceNumber(int major, int minor) {
    /** Of what isn't a device. */
    public static final DeviceNumber NONE = new DeviceNumber(0, 0);

    /** dev_t as the C library has it: both numbers interleaved, so that small ones look as they always did. */
    long encoded() {
        long high = Integer.toUnsignedLong(major);
        long low = Integer.toUnsignedLong(minor);
        return (high & 0xfff) << 8 | (high & ~0xfffL) << 32 | low & 0xff | (low & ~0xffL) << 12;
    }
}
