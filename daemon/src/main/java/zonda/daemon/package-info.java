/**
 * The global zone's one JVM: what is built of what, in which order it starts, and nothing else.
 *
 * <p>Threads: main starts everything and waits for the signal that ends the process. Zones run on when it ends.
 */
package zonda.daemon;
