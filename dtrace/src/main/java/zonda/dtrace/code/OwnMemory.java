package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.util.ArrayList;
import java.util.List;
import zonda.dtrace.syntax.Expr;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/**
 * Memory of the slot that a clause may use by address: variables of {@code this}, and what alloca() and copyin() have given
 * it. In a zone it is all that a clause may read by address, and addresses are offsets that say nothing of the kernel.
 */
final class OwnMemory {
    private final Emitter emitter;
    private final List<Owned> owned = new ArrayList<>();

    OwnMemory(Emitter emitter) {
        this.emitter = emitter;
    }

    private record Owned(int place, int size) {}

    /** The clause has this until its end. */
    void add(int place, int size) {
        owned.add(new Owned(place, size));
    }

    /** The clause is at its end. */
    void clear() {
        owned.clear();
    }

    /** r0 = the address of a place in the slot, as D has it. */
    void address(int place) {
        if (emitter.isConfined()) {
            emitter.asm.constant(R0, Confinement.OWN_MEMORY + place);
            return;
        }
        emitter.slotAddress(R0, place);
        emitter.launder();
    }

    /** register = the offset in the slot of an address that D has in it; changes r0. */
    void toOffset(int register) {
        if (emitter.isConfined()) {
            emitter.asm.constant(R0, Confinement.OWN_MEMORY);
        } else {
            emitter.slotAddress(R0, 0);
            emitter.launder();
        }
        emitter.asm.aluRegister(Alu.SUB, register, R0);
    }

    /** In a zone the address in r0 must be of so many bytes of the clause's own, and becomes one that can be read. */
    void guard(int bytes) {
        if (!emitter.isGuarded()) {
            return;
        }
        emitter.asm.move(R1, R0);
        toOffset(R1);
        emitter.asm.constant(R4, bytes);
        checkOwned(R1, R4, bytes);
        emitter.asm.move(R0, SLOT).aluRegister(Alu.ADD, R0, R1);
    }

    /** As {@link #guard}, for a text. @return whether r2 has the bytes that it may take, which are at most so many */
    boolean guardText(int most) {
        if (!emitter.isGuarded()) {
            return false;
        }
        emitter.asm.move(R1, R0);
        toOffset(R1);
        int found = emitter.asm.newLabel();
        for (Owned one : ownedPlaces()) {
            int next = emitter.asm.newLabel();
            int end = one.place() + one.size();
            emitter.asm
                    .jump(Jump.LT, R1, one.place(), next)
                    .jump(Jump.GE, R1, end, next)
                    .constant(R2, end)
                    .aluRegister(Alu.SUB, R2, R1)
                    .jump(found)
                    .place(next);
        }
        emitter.fail(Emitter.KERNEL_PRIVILEGE);
        int fits = emitter.asm.newLabel();
        emitter.asm
                .place(found)
                .jump(Jump.LE, R2, most, fits)
                .constant(R2, most)
                .place(fits);
        emitter.asm.move(R0, SLOT).aluRegister(Alu.ADD, R0, R1);
        return true;
    }

    private List<Owned> ownedPlaces() {
        var all = new ArrayList<>(owned);
        int variables = emitter.names.size(Expr.Scope.THIS);
        if (variables > 0 || all.isEmpty()) {
            all.add(new Owned(SLOT_VARIABLES, variables));
        }
        return all;
    }

    /**
     * A fault unless so many bytes at an offset of the slot are the clause's own: variables of {@code this}, and what
     * alloca() and copyin() have given it.
     *
     * @param offset the register with the offset
     * @param size the register with the number of bytes
     * @param most what that is at most
     */
    void checkOwned(int offset, int size, int most) {
        int fine = emitter.asm.newLabel();
        var all = ownedPlaces();
        for (Owned one : all) {
            int next = emitter.asm.newLabel();
            emitter.asm.jump(Jump.LT, offset, one.place(), next);
            emitter.asm.move(R5, offset).aluRegister(Alu.ADD, R5, size);
            emitter.asm.jump(Jump.LE, R5, one.place() + one.size(), fine).place(next);
        }
        emitter.failOutside();
        // For the verifier, which does not see what a sum says of its parts.
        int limit = all.stream().mapToInt(one -> one.place() + one.size()).max().orElseThrow();
        int within = emitter.asm.newLabel();
        emitter.asm.place(fine).jump(Jump.LE, offset, limit, within);
        emitter.failOutside();
        emitter.asm.place(within);
        emitter.reserve(limit + most + 8);
    }
}
