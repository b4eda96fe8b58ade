/** Ground floor: values, errors with codes, atomic state files, journal and sagas, lanes, getopt, tables, log records. */
@org.jspecify.annotations.NullMarked
module zonda.base {
    requires static transitive org.jspecify;
    requires transitive java.logging;
    requires tools.jackson.core;

    exports zonda.base;
}
