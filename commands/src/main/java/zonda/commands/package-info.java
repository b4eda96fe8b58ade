/**
 * The words of the tools: arguments in, texts and exit statuses out, as the manual pages of vmadm(8), imgadm(8),
 * zoneadm(8), zlogin(1), sysinfo(8) and zonename(1) have them.
 *
 * <p>A tool parses its arguments, calls a feature and prints; it never touches the kernel, a file or a process. Data goes
 * to standard output, every word for people to standard error, for scripts depend on it.
 *
 * <p>Threads: a virtual thread for each connection reads the client's frames, another runs its command. There are no
 * locks but the socket's: writers of one connection take turns.
 */
package zonda.commands;
