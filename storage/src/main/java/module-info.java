/** Pools and their datasets. */
@org.jspecify.annotations.NullMarked
module zonda.storage {
    requires static transitive org.jspecify;
    requires transitive zonda.base;
    requires transitive zonda.kernel;
    requires transitive zonda.zstream;

    exports zonda.storage;
}
