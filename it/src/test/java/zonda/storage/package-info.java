/** Tests of module storage that need what only module it has: a guest with OpenZFS. */
@org.jspecify.annotations.NullMarked
package zonda.storage;
