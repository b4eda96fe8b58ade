/** Kernel. */
@org.jspecify.annotations.NullMarked
module zonda.kernel {
    requires static transitive org.jspecify;
    requires transitive zonda.base;

    exports zonda.kernel;
}
