/** Links, addresses and their protection. */
@org.jspecify.annotations.NullMarked
module zonda.network {
    requires static transitive org.jspecify;
    requires transitive zonda.base;
    requires transitive zonda.kernel;

    exports zonda.network;
}
