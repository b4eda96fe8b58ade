/** ZFS send streams. */
@org.jspecify.annotations.NullMarked
package zonda.zstream;
