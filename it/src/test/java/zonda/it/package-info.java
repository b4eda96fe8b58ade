/**
 * Tests of the whole system: a real daemon as a process of its own, with a pool, networks and zones that are its alone,
 * asked through the client's protocol, and here and there by the real client program.
 *
 * <p>Each test class has one {@link zonda.it.Instance}, whose names on the machine all derive from a random prefix and
 * root directory, so that instances live side by side; at the end it is torn down, and whatever is left of it on the
 * machine fails the class ({@link zonda.it.Leftovers}). A machine that lacks what a class needs skips it with the reason.
 *
 * <p>They are not for what one module can show alone: its own tests are the place for that.
 */
package zonda.it;
