/**
 * The compiler: from the trees of {@link zonda.dtrace.syntax} by way of typed operations ({@link zonda.dtrace.code.Op})
 * to eBPF that the verifier accepts.
 *
 * <p>All memory that a program needs beyond a few words of stack lies in a slot that is its own while it runs; every
 * place in it is known when the program is compiled, so nothing needs proofs of bounds. Memory of the kernel and of
 * processes is read by helpers that can fail, and a failure is a fault of the clause.
 *
 * <p>Threads: none; every object belongs to one compilation.
 */
@org.jspecify.annotations.NullMarked
package zonda.dtrace.code;
