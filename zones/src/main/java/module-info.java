/** OS virtual machines on an OCI runtime. */
@org.jspecify.annotations.NullMarked
module zonda.zones {
    requires static transitive org.jspecify;
    requires transitive zonda.base;
    requires transitive zonda.kernel;

    exports zonda.zones;
}
