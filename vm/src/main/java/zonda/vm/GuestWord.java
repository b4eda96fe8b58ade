package zonda.vm;

import java.time.Duration;
import java.util.stream.Stream;
import zonda.base.Await;
import zonda.base.Json;

/**
 * When a machine's first boot is over. No QEMU of Linux knows it, as that of SmartOS does (hwsetup), so the guest is
 * taken at its word: it asks for its metadata at the serial port, or its agent is there. That is waited for where the
 * VM's metadata give the guest something to do at its first boot; other machines are as their disks are, and have
 * nothing to tell. A guest that says nothing has its time, and counts as up afterwards.
 */
final class GuestWord {
    private static final System.Logger LOG = System.getLogger(GuestWord.class.getName());
    /** SmartOS' for a machine of up to 4 GiB, and once more for each further 4 GiB. */
    private static final Duration LIMIT = Duration.ofSeconds(300);

    private static final long MEMORY_MIB = 4096;
    private static final Duration LOOK = Duration.ofMillis(500);

    private final Machinery machinery;

    GuestWord(Machinery machinery) {
        this.machinery = machinery;
    }

    /** Whether the guest has a reason to ask for its metadata, a place to ask at, and a system that could. */
    static boolean isExpected(VmConfig vm) {
        return (isWork(vm.metadata("customer_metadata"))
                        || vm.metadata("internal_metadata").has("operator-script"))
                && HvmSpecs.serial(vm).hasMetadata()
                && !NoCloud.isWanted(vm)
                && hasSystem(vm);
    }

    /** An empty disk has none yet: what is installed to it from a CD is not waited for. */
    private static boolean hasSystem(VmConfig vm) {
        boolean ofImage = Disks.of(vm).stream()
                .anyMatch(
                        disk -> disk.imageUuid().isPresent() || (disk.dataset().isEmpty() && !disk.isCdrom()));
        return ofImage || KernelFiles.isDirect(vm.properties());
    }

    /** How long it is waited for. */
    static Duration limit(VmConfig vm) {
        long parts = Math.ceilDiv(vm.properties().integer("ram", 0), MEMORY_MIB);
        return LIMIT.multipliedBy(Math.max(1, parts));
    }

    /** Waits for it, or for the machine's end, or until its time is over. */
    void await(VmConfig vm) {
        if (!isExpected(vm)) {
            return;
        }
        boolean over = Await.steadily(
                limit(vm),
                LOOK,
                () -> !machinery.isUp(vm.uuid())
                        || machinery.hasAsked(vm.uuid())
                        || machinery.control().hasAgentIfItAnswers(vm));
        if (!over) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "VM " + vm.uuid() + ": " + silence(vm) + ": it counts as up without its word");
        }
    }

    /** What such a guest has not done. */
    static String silence(VmConfig vm) {
        return "its guest has neither asked for its metadata at the serial port nor run an agent within "
                + limit(vm).toSeconds() + " s";
    }

    /** Keys of the metadata that guests' tools and cloud-init do something for at the first boot. */
    static boolean isWork(Json.Obj customer) {
        return Stream.of("root_authorized_keys", "user-script", "user-data").anyMatch(customer::has)
                || customer.members().keySet().stream().anyMatch(key -> key.startsWith("cloud-init:"));
    }
}
