package zonda.dtrace.code;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OperandTest {
    @Test
    void registers_of_any_width_are_those_of_pt_regs() {
        assertThat(Operand.parse("8@%rdx -4@%eax 1@%cl 2@%r8w 8@%rbp"))
                .containsExactly(
                        new Operand(8, false, 96, false, 0, -1, 1),
                        new Operand(4, true, 80, false, 0, -1, 1),
                        new Operand(1, false, 88, false, 0, -1, 1),
                        new Operand(2, false, 72, false, 0, -1, 1),
                        new Operand(8, false, 32, false, 0, -1, 1));
    }

    @Test
    void constants_and_memory_are_known() {
        assertThat(Operand.parse("-4@$-5 8@-24(%rbp) 8@16(%rax,%rcx,8)"))
                .containsExactly(
                        new Operand(4, true, -1, false, -5, -1, 1),
                        new Operand(8, false, 32, true, -24, -1, 1),
                        new Operand(8, false, 80, true, 16, 88, 8));
    }
}
