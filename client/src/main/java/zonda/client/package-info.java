/**
 * The client: {@code vmadm}, {@code imgadm}, {@code zlogin} and every other command name run this one program, which
 * sends its arguments to the daemon and prints what comes back. It parses nothing and knows no command.
 *
 * <p>It does open files for the daemon ({@link zonda.client.Frame#OPEN}), so a caller can have read only what the caller
 * may read, and reads its standard input only when the daemon asks, so that {@code while read} loops around a command
 * keep their input.
 *
 * <p>Its code follows the start-up: no lambdas, no string templates through invokedynamic, no regular expressions, no
 * formatting, no streams; each of them costs milliseconds in a cold virtual machine. {@code stty} and the commands of
 * {@link zonda.client.Frame#RUN} are started here, the only processes that aren't started by zonda.kernel, because this
 * program doesn't have that module.
 *
 * <p>Threads: main reads frames and writes output; one more reads standard input once the daemon wants it. Writes to the
 * socket hold the connection's monitor.
 */
package zonda.client;
