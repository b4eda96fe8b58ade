package zonda.it.guest;

import java.util.ArrayList;
import java.util.List;
import zonda.kvm.Accelerator;

/** How QEMU runs a guest's instructions, as the project's own machines find out what works. */
final class GuestCpu {
    private static final List<String> KVM = List.of("-accel", "kvm", "-cpu", "host");
    /** An old CPU: what is built on a newer one must run there, too. */
    private static final List<String> TCG = List.of("-accel", "tcg,thread=multi,tb-size=512", "-cpu", "Nehalem");

    private GuestCpu() {}

    static List<String> options() {
        return options(2);
    }

    static List<String> options(int processors) {
        var options = new ArrayList<>(Accelerator.best() == Accelerator.KVM ? KVM : TCG);
        options.addAll(List.of("-smp", Integer.toString(processors)));
        return options;
    }
}
