package zonda.it.guest;

import java.util.ArrayList;
import java.util.List;
import zonda.kvm.Accelerator;

/** How QEMU runs a guest's instructions, as the project's own machines find out what works. */
final class GuestCpu {
    private GuestCpu() {}

    static List<String> options() {
        return options(2);
    }

    static List<String> options(int processors) {
        Accelerator accelerator = Accelerator.best();
        var options = new ArrayList<>(List.of("-smp", Integer.toString(processors), "-accel"));
        if (accelerator == Accelerator.KVM) {
            options.addAll(List.of(accelerator.option(), "-cpu", "host"));
        } else {
            // An old CPU: what is built on a newer one must run there, too.
            options.addAll(List.of(accelerator.option() + ",tb-size=512", "-cpu", "Nehalem"));
        }
        return options;
    }
}
