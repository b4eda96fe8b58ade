/** Virtual machines: properties, payloads, lifecycle. */
@org.jspecify.annotations.NullMarked
module zonda.vm {
    requires static transitive org.jspecify;
    requires transitive zonda.base;
    requires transitive zonda.kernel;
    requires transitive zonda.storage;
    requires transitive zonda.network;
    requires transitive zonda.images;
    requires transitive zonda.metadata;
    requires transitive zonda.zones;
    requires transitive zonda.kvm;
    requires java.xml;

    exports zonda.vm;
}
