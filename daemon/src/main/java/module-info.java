/** The global zone's one JVM: wiring only. */
@org.jspecify.annotations.NullMarked
module zonda.daemon {
    requires static transitive org.jspecify;
    requires transitive zonda.base;
    requires transitive zonda.kernel;
    requires transitive zonda.storage;
    requires transitive zonda.network;
    requires transitive zonda.images;
    requires transitive zonda.metadata;
    requires transitive zonda.zones;
    requires transitive zonda.vm;
    requires transitive zonda.client;
    requires transitive zonda.commands;
}
