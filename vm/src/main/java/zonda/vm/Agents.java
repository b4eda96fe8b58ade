package zonda.vm;

import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;
import zonda.base.OpException;
import zonda.kvm.GuestAgent;

/** What is asked of the agents that guests run. None needs to help: without it, it is as after a power cut. */
final class Agents {
    private static final System.Logger LOG = System.getLogger(Agents.class.getName());
    private static final int TRIES = 3;

    private Agents() {}

    /** Has the guest's filesystems written, and kept so. @return whether they are to be thawed */
    static boolean freeze(UUID vm, Path socket) {
        try (GuestAgent agent = GuestAgent.connect(socket)) {
            return freeze(vm, socket, agent);
        } catch (OpException e) {
            tell(vm, e);
            return false;
        }
    }

    private static boolean freeze(UUID vm, Path socket, GuestAgent agent) {
        try {
            agent.freeze();
            return true;
        } catch (OpException e) {
            tell(vm, e);
            agent.close();
            // It may be about to.
            thaw(vm, socket);
            return false;
        }
    }

    private static void tell(UUID vm, OpException why) {
        LOG.log(System.Logger.Level.INFO, "VM " + vm + ": " + why.getMessage());
    }

    /** Sets the guest's clock to the host's. */
    static void setTime(UUID vm, Path socket, Instant now) {
        try (GuestAgent agent = GuestAgent.connect(socket)) {
            agent.setTime(now);
        } catch (OpException e) {
            tell(vm, e);
        }
    }

    /** Lets the guest's filesystems go on. */
    static void thaw(UUID vm, Path socket) {
        for (int i = 0; i < TRIES; i++) {
            try (GuestAgent agent = GuestAgent.connect(socket)) {
                agent.thaw();
                return;
            } catch (OpException e) {
                tell(vm, e);
            }
        }
        LOG.log(
                System.Logger.Level.WARNING,
                "VM " + vm
                        + ": its agent does not thaw its filesystems; vmadm reboot -F does, should they stand still");
    }
}
