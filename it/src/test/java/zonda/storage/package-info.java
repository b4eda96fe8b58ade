/** The contract of module storage over OpenZFS in a guest: in its package, since drivers are nobody else's business. */
@org.jspecify.annotations.NullMarked
package zonda.storage;
