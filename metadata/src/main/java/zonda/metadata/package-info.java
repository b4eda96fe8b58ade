/**
 * What a guest may ask and tell about itself: the metadata service of SmartOS, mdata-get(8) and its kin, and the script
 * that a zone without SmartOS' guest tools runs at boot.
 *
 * <p>Each zone has a Unix socket in a directory of its own, which its runtime shows to it. Guests are hostile: lines,
 * connections, memory and time are bounded for each zone, and one zone can't use up another's share. {@link
 * zonda.metadata.NativeTree} is the directory that is {@code /native} in every zone; it runs in any Linux image, whatever
 * C library that has, or none.
 *
 * <p>Threads: a virtual thread for each zone's socket and for each connection, and one scheduler that ends connections
 * at their deadline. No locks are held while a {@link zonda.metadata.VmMetadata} is asked.
 *
 * <p>It is not where metadata is kept: that is the VM's own record, which it reads and changes through ports.
 */
package zonda.metadata;
