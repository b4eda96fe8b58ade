/**
 * Types of D: the built-in ones, those that a program defines, and the kernel's own, read from its BTF
 * (Documentation/bpf/btf.rst) as they are asked for.
 *
 * <p>Threads: {@link zonda.dtrace.types.Btf} is immutable once made and shared; a {@link zonda.dtrace.types.TypeTable}
 * belongs to one compilation.
 */
@org.jspecify.annotations.NullMarked
package zonda.dtrace.types;
