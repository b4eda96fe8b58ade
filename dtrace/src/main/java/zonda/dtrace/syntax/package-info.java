/**
 * The D language's words and grammar: text in, trees out. Nothing here knows types, probes or the kernel. The language is
 * that of the DTrace guide of illumos.
 *
 * <p>Threads: none; every object belongs to one compilation.
 */
@org.jspecify.annotations.NullMarked
package zonda.dtrace.syntax;
