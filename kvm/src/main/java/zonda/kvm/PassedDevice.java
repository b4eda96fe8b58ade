package zonda.kvm;

/** A PCI device of the host that a machine has for itself, by VFIO. @param slot where the guest finds it */
public record PassedDevice(PciAddress device, PciSlot slot) {
    String option() {
        return "vfio-pci,host=" + device + slot.options();
    }
}
