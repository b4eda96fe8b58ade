/** What a guest may ask about itself. */
@org.jspecify.annotations.NullMarked
module zonda.metadata {
    requires static transitive org.jspecify;
    requires transitive zonda.base;
    requires transitive zonda.kernel;

    exports zonda.metadata;
}
