package zonda.dtrace.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.dtrace.syntax.DError;

class OptionsTest {
    @Test
    void sizes_have_units() {
        var options = new Options();
        options.set("bufsize=16k");

        assertThat(options.number("bufsize")).isEqualTo(16384);
        options.set("strsize=1k");
        assertThat(options.number("strsize")).isEqualTo(1024);
    }

    @Test
    void rates_are_times_or_frequencies() {
        var options = new Options();
        options.set("switchrate=10hz");
        options.set("aggrate=50ms");

        assertThat(options.number("switchrate")).isEqualTo(100_000_000);
        assertThat(options.number("aggrate")).isEqualTo(50_000_000);
    }

    @ParameterizedTest
    @CsvSource({
        "quiet, 1",
        "quiet=on, 1",
        "quiet=TRUE, 1",
        "quiet=3, 1",
        "quiet=0x1, 1",
        "quiet=, 0",
        "quiet=0, 0",
        "quiet=disabled, 0",
        "late=dynamic, dynamic",
        "late=static, static",
        "linktype=ELF, ELF",
        "kdefs, 0",
    })
    void what_is_on_or_off_or_one_of_some_words_is_said_as_on_illumos(String assignment, String value) {
        var options = new Options();
        options.set(assignment);

        assertThat(options.word(assignment.split("=")[0].replace("kdefs", "knodefs")))
                .hasValue(value);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"quiet=maybe", "quiet=-1", "late=1", "late", "evaltime=soon", "argref=1", "kdefs=1", "iregs=0"})
    void other_values_are_refused(String assignment) {
        assertThatThrownBy(() -> new Options().set(assignment))
                .isInstanceOf(DError.class)
                .hasMessageEndingWith(": Invalid value for specified option");
    }

    /** All that illumos' dtrace and DTrace for Linux have. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "aggpercpu amin=Private/Private/Common argref core cpp cpphdrs cpppath=/bin/cpp ctypes=/tmp/c defaultargs",
                "dtypes=/tmp/d debug define=A=1 droptags empty encoding=utf8 errtags evaltime=main incdir=/tmp iregs=8",
                "kdefs knodefs late=static lazyload=a ldpath=/bin/ld libdir=/tmp linkmode=dynamic linktype=dof nolibs",
                "pgmax=3 pspec setenv=A=b stdc=a strip syslibdir=/tmp tree=1 tregs=3 udefs undef=A unodefs unsetenv=A",
                "verbose version=1.14 zdefs aggsize=1k bufsize=1m bufpolicy=ring bufresize=auto cleanrate=10hz cpu=0",
                "destructive dynvarsize=1m grabanon jstackframes=3 jstackstrsize=100 nspec=2 specsize=1k stackframes=3",
                "statusrate=1sec strsize=10 ustackframes=3 zone=global temporal agghist aggpack aggrate=1min aggsortkey",
                "aggsortkeypos=1 aggsortpos=1 aggsortrev aggzoom flowindent quiet rawbytes stackindent=1 switchrate=1us",
                "bpflog bpflogsize=1k cppargs=-DA disasm=1 lockmem=1 maxframes=3 modpath=/x noresolve pcapsize=1k",
                "printsize=10 procfspath=/proc quietresize scratchsize=100 linknommap useruid=3",
            })
    void every_option_is_known(String assignments) {
        var options = new Options();

        assertThatCode(() -> List.of(assignments.split(" ")).forEach(options::set))
                .doesNotThrowAnyException();
    }

    @Test
    void what_is_no_option_is_refused_by_name() {
        assertThatThrownBy(() -> new Options().set("nosuch"))
                .isInstanceOf(DError.class)
                .hasMessage("failed to set option 'nosuch': Invalid option name");
        assertThatThrownBy(() -> new Options().set("bufsize=many"))
                .hasMessage("failed to set option 'bufsize' to 'many': Invalid value for specified option");
    }
}
