/** Where zones come from. */
@org.jspecify.annotations.NullMarked
module zonda.images {
    requires static transitive org.jspecify;
    requires transitive zonda.base;
    requires transitive zonda.kernel;
    requires transitive zonda.storage;
    requires zonda.zstream;
    requires java.net.http;
    requires java.xml;
    requires jdk.httpserver;

    exports zonda.images;
}
