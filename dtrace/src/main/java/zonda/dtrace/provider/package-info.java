/**
 * The probes: which there are on this kernel, by which mechanism each fires, and what its arguments are.
 *
 * <p>Threads: a {@link zonda.dtrace.provider.ProbeTable} belongs to one run of dtrace; what it is made from is immutable.
 */
@org.jspecify.annotations.NullMarked
package zonda.dtrace.provider;
