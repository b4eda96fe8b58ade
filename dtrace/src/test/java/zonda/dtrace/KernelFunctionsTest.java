package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.dtrace.code.Maps;
import zonda.dtrace.provider.FunctionTable;
import zonda.dtrace.provider.Pattern;
import zonda.dtrace.provider.Probe;
import zonda.dtrace.provider.ProbeTable;
import zonda.dtrace.provider.View;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.types.Btf;

/** The provider fbt, of a kernel's lists in the form that tracefs gives them. */
class KernelFunctionsTest {
    private static final String LIST = """
            vfs_read
            vfs_write
            _raw_spin_lock
            ext4_read_iter [ext4]
            show
            show
            """;

    @TempDir
    private Path kernel;

    @BeforeEach
    void aKernelWithKprobes() throws IOException {
        Files.createDirectory(kernel.resolve("kprobe"));
        Files.writeString(kernel.resolve("available_filter_functions"), LIST);
    }

    private ProbeTable probes() {
        return new ProbeTable(Optional::empty, View.ALL, new FunctionTable(kernel, kernel));
    }

    private List<String> found(String description) {
        return probes().find(Pattern.parse(description)).stream()
                .map(Probe::description)
                .toList();
    }

    @Test
    void functions_are_found_by_name_and_module() {
        assertThat(found("fbt::vfs_*:entry"))
                .containsExactly("fbt:vmlinux:vfs_read:entry", "fbt:vmlinux:vfs_write:entry");
        assertThat(found("fbt:ext4::"))
                .containsExactly("fbt:ext4:ext4_read_iter:entry", "fbt:ext4:ext4_read_iter:return");
        assertThat(found("vfs_read:return")).containsExactly("fbt:vmlinux:vfs_read:return");
        assertThat(found("fbt::vfs_read:begin")).isEmpty();
    }

    @Test
    void functions_of_one_name_are_one_probe_and_what_dtrace_itself_holds_is_none() {
        assertThat(found("fbt::show:entry")).hasSize(1);
        assertThat(found("fbt::_raw_spin_lock:")).isEmpty();
    }

    @Test
    void a_probe_has_the_same_id_whatever_was_asked_for_before() {
        Probe alone = probes().find(Pattern.parse("fbt::vfs_write:return")).getFirst();
        Probe listed = probes().find(Pattern.parse("fbt:::")).stream()
                .filter(probe -> probe.description().equals(alone.description()))
                .findFirst()
                .orElseThrow();

        assertThat(listed.id()).isEqualTo(alone.id());
        assertThat(probes().find(Pattern.parse("" + alone.id()))).containsExactly(alone);
    }

    @Test
    void places_are_those_of_the_list_that_has_addresses() throws IOException {
        Files.writeString(
                kernel.resolve("available_filter_functions_addrs"),
                "ffffffff81000014 show\nffffffff81000094 show [zram]\nffffffff81000114 show\n");

        assertThat(probes().find(Pattern.parse("fbt:vmlinux:show:entry"))
                        .getFirst()
                        .source())
                .isEqualTo(new Probe.Source.Function(
                        "vmlinux", "show", false, List.of(0xffffffff81000014L, 0xffffffff81000114L)));
    }

    @Test
    void a_kernel_without_kprobes_or_without_a_list_says_so() throws IOException {
        Files.delete(kernel.resolve("available_filter_functions"));
        assertThat(probes().whyMissing("fbt").orElseThrow()).contains("mount -t tracefs");

        Files.delete(kernel.resolve("kprobe"));
        assertThat(probes().whyMissing("fbt").orElseThrow()).contains("it has no kprobes");
        assertThat(found("fbt:::")).isEmpty();
    }

    /** Registers as struct pt_regs has them: rax is the 11th, rsi the 14th, rdi the 15th. */
    private static long[] registers(long first, long second, long result) {
        long[] all = new long[21];
        all[14] = first;
        all[13] = second;
        all[10] = result;
        return all;
    }

    private List<Long> run(Optional<Btf> types, String program, long[] registers) {
        Unit unit =
                Machines.unit(() -> types, new ProbeTable(() -> types, View.ALL, new FunctionTable(kernel, kernel)));
        unit.add(program, Machines.macros(), true);
        return Machines.run(unit, new Programs(unit).plan().getFirst(), Maps.Activity.ACTIVE, registers);
    }

    @Test
    void arguments_are_the_registers_of_a_call_and_the_result_is_that_of_the_return() {
        assertThat(run(Optional.empty(), "fbt::vfs_read:entry { trace(arg0); trace(arg1); }", registers(0x1234, 7, 0)))
                .containsExactly(0x1234L, 7L);
        assertThat(run(Optional.empty(), "fbt::vfs_read:return { trace(arg0); trace(arg1); }", registers(1, 2, -5)))
                .containsExactly(0L, -5L);
    }

    @Test
    void arguments_have_the_types_of_the_function() {
        Needs.types();
        Optional<Btf> types = Optional.of(Btf.ofKernel());

        // ssize_t vfs_read(struct file *, char *, size_t, loff_t *)
        assertThat(run(
                        types,
                        "fbt::vfs_read:entry { trace((long)sizeof(args[0]->f_pos)); trace((long)(args[1] == (char *)9)); }",
                        registers(0, 9, 0)))
                .containsExactly(8L, 1L);
        assertThat(run(types, "fbt::vfs_read:return { trace((long)args[1]); }", registers(0, 0, -11)))
                .containsExactly(-11L);
        assertThatThrownBy(() -> run(types, "fbt::vfs_read:entry { trace(args[4]); }", registers(0, 0, 0)))
                .isInstanceOf(DError.class)
                .hasMessageContaining("index 4 is out of range for fbt:vmlinux:vfs_read:entry args[ ]");
    }

    @Test
    void functions_share_a_program_unless_their_types_matter() {
        Needs.types();
        Optional<Btf> types = Optional.of(Btf.ofKernel());

        assertThat(programs(types, "fbt::vfs_*:entry { trace(arg0); }")).isEqualTo(1);
        assertThat(programs(types, "fbt::vfs_*: { trace(arg0); }")).isEqualTo(2);
        assertThat(programs(types, "fbt::show:entry { trace(arg0); } fbt::vfs_read:entry { trace(args[2]); }"))
                .isEqualTo(2);
    }

    private int programs(Optional<Btf> types, String program) {
        Unit unit =
                Machines.unit(() -> types, new ProbeTable(() -> types, View.ALL, new FunctionTable(kernel, kernel)));
        unit.add(program, Machines.macros(), true);
        return new Programs(unit).plan().size();
    }
}
