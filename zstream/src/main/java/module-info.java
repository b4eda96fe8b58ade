/** ZFS send streams, read and written without ZFS. */
@org.jspecify.annotations.NullMarked
module zonda.zstream {
    requires static transitive org.jspecify;
    requires transitive zonda.base;
    requires transitive zonda.kernel;

    exports zonda.zstream;
}
