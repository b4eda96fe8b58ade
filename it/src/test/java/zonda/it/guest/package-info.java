/**
 * Tests of the whole system on a machine of their own: a guest in QEMU with the kernel, the init and the control groups
 * that the machine which runs the tests may not have. The guest is made once per machine and kept in a cache
 * ({@link zonda.it.guest.GuestImage}); a test class boots one ({@link zonda.it.guest.Guest}) on a layer of its own that
 * is thrown away, and runs scripts in it.
 *
 * <p>Where KVM works it is used, else the guest is emulated ({@link zonda.kvm.Accelerator}), 10 to 30 times slower:
 * a script should do several things at once. A machine that can't make or run guests skips them, with the reason.
 */
@NullMarked
package zonda.it.guest;

import org.jspecify.annotations.NullMarked;
