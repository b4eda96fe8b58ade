/** The words of the tools: arguments in, texts out. */
@org.jspecify.annotations.NullMarked
module zonda.commands {
    requires static transitive org.jspecify;
    requires transitive zonda.base;
    requires transitive zonda.client;
    requires transitive zonda.dtrace;
    requires transitive zonda.vm;
    requires transitive zonda.images;
    requires transitive zonda.network;
    requires transitive zonda.zones;
    requires transitive zonda.zstream;
    requires jdk.httpserver;

    exports zonda.commands to
            zonda.daemon;
}
