/**
 * dtrace(8): a command line in, a session of tracing out. D programs are compiled to eBPF, attached to the kernel's
 * probes, and what they record is printed. The manual page is that of illumos' dtrace(8).
 *
 * <p>Threads: one session runs on the thread that calls {@link zonda.dtrace.Dtrace#run}; {@link
 * zonda.dtrace.Dtrace.Terminal} may be asked to interrupt it from any thread. Programs end with their session: the kernel
 * detaches them when their descriptors are closed, also when the process dies.
 */
@org.jspecify.annotations.NullMarked
package zonda.dtrace;
