package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BpfAssemblerTest {
    @Test
    void instructions_are_those_of_the_kernels_documentation() {
        var asm = new BpfAssembler()
                .constant(0, 7)
                .alu(BpfAssembler.Alu.ADD, 0, -1)
                .exit();

        assertThat(BpfDisassembler.lines(asm.code()))
                .containsExactly("   0: (b7) r0 = 7", "   1: (07) r0 += -1", "   2: (95) exit");
    }

    @Test
    void a_large_constant_takes_two_instructions() {
        assertThat(new BpfAssembler().constant(1, 0x1122334455667788L).exit().code())
                .containsExactly(0x55667788_0000_01_18L, 0x11223344_00000000L, 0x95L);
    }

    @Test
    void memory_that_is_far_is_reached_by_moving_the_register() {
        var asm = new BpfAssembler()
                .load(BpfAssembler.Width.DOUBLE, 1, 7, 40_000)
                .store(BpfAssembler.Width.WORD, 7, -40_000, 1)
                .exit();

        assertThat(BpfDisassembler.lines(asm.code()))
                .containsExactly(
                        "   0: (07) r7 += 40000",
                        "   1: (79) r1 = *(u64 *)(r7 +0)",
                        "   2: (07) r7 += -40000",
                        "   3: (07) r7 += -40000",
                        "   4: (63) *(u32 *)(r7 +0) = r1",
                        "   5: (07) r7 += 40000",
                        "   6: (95) exit");
    }

    @Test
    void jumps_find_their_labels_on_either_side() {
        var asm = new BpfAssembler();
        int end = asm.newLabel();
        asm.constant(0, 0)
                .jump(BpfAssembler.Jump.EQ, 1, 0, end)
                .constant(0, 1)
                .place(end)
                .exit();

        assertThat(BpfDisassembler.lines(asm.code()).get(1)).isEqualTo("   1: (15) if r1 == 0 goto 3");
    }

    @Test
    void what_can_not_be_reached_is_left_out() {
        var asm = new BpfAssembler();
        int end = asm.newLabel();
        asm.jump(end).constant(0, 1).constant(0, 2).place(end).constant(0, 3).exit();

        assertThat(asm.code()).hasSize(3);
    }

    @Test
    void maps_get_their_descriptors_when_the_code_is_linked() {
        var asm = new BpfAssembler().map(1, 5).mapValue(2, 6, 16).exit();

        long[] code = asm.link(index -> 100 + index);

        assertThat(code[0] >>> 32).isEqualTo(105);
        assertThat(code[2] >>> 32).isEqualTo(106);
        assertThat(code[3] >>> 32).isEqualTo(16);
    }

    @Test
    void a_jump_that_is_too_far_is_refused() {
        var asm = new BpfAssembler();
        int end = asm.newLabel();
        asm.jump(BpfAssembler.Jump.EQ, 1, 0, end);
        for (int i = 0; i < 40_000; i++) {
            asm.constant(0, i);
        }
        asm.place(end).exit();

        assertThatThrownBy(asm::code).isInstanceOf(BpfAssembler.TooFarException.class);
    }
}
