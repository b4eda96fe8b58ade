/** Machines that QEMU runs. */
@org.jspecify.annotations.NullMarked
module zonda.kvm {
    requires static transitive org.jspecify;
    requires transitive zonda.base;
    requires transitive zonda.kernel;

    exports zonda.kvm;
}
