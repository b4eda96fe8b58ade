/**
 * The boundary to Linux: the only native code, and the only place that starts a process.
 *
 * <p>One class per family of manual pages, hand-written on the Foreign Function and Memory API, since nearly all of it
 * is macros, ioctl numbers and packed structures. Each downcall names its manual page; layouts and numbers are checked
 * against the kernel's headers by {@code LayoutTest}. A call that the kernel refuses throws {@link
 * zonda.kernel.KernelException} with call, target and errno.
 *
 * <p>Threads: a downcall that can block pins the carrier of a virtual thread, so such calls go through {@link
 * zonda.kernel.Blocking} onto platform threads. Calls that change a thread's namespace run on a thread made for that
 * call and ended with it. No locks are held across calls.
 *
 * <p>It is not a policy: it decides nothing about zones, names or limits.
 */
package zonda.kernel;
