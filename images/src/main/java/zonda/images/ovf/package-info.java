/** Machines as other hypervisors export them: OVF descriptors and OVA archives, DMTF DSP0243. */
@org.jspecify.annotations.NullMarked
package zonda.images.ovf;
