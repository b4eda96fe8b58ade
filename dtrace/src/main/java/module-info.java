/** DTrace: a compiler from D to eBPF, the probes, and the consumer of what they record. */
@org.jspecify.annotations.NullMarked
module zonda.dtrace {
    requires static transitive org.jspecify;
    requires transitive zonda.base;
    requires transitive zonda.kernel;

    exports zonda.dtrace;
}
