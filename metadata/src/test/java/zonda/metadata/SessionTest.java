package zonda.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class SessionTest {
    private final TestVm vm = new TestVm("""
            {"uuid": "u-1", "customer_metadata": {"lines": "one\\n.two\\n..\\n", "empty": "", "n": 7}}""");
    private final Session session = new Session(vm.metadata());

    @Test
    void version_1_answers_in_lines() {
        assertThat(session.answer("GET sdc:uuid")).isEqualTo("SUCCESS\nu-1\n.\n");
        assertThat(session.answer("GET lines")).isEqualTo("SUCCESS\none\n..two\n...\n\n.\n");
        assertThat(session.answer("GET empty")).isEqualTo("SUCCESS\n.\n");
        assertThat(session.answer("GET n\r")).isEqualTo("SUCCESS\n7\n.\n");
        assertThat(session.answer("GET nothing")).isEqualTo("NOTFOUND\n");
        assertThat(session.answer("KEYS")).isEqualTo("SUCCESS\nlines\nempty\nn\n.\n");
    }

    @Test
    void what_is_no_command_says_so_and_the_next_line_is_served() {
        assertThat(session.answer("")).isEqualTo("invalid command\n");
        assertThat(session.answer("HELLO x")).isEqualTo("invalid command\n");
        assertThat(session.answer("GET")).isEqualTo("invalid command\n");
        assertThat(session.answer("NEGOTIATE V3")).isEqualTo("FAILURE\n");
        assertThat(session.answer("NEGOTIATE V2")).isEqualTo("V2_OK\n");
        assertThat(session.answer("V2 broken frame")).isEmpty();
        assertThat(ask("GET", "sdc:uuid")).isEqualTo(new Frame("7f", "SUCCESS", Optional.of("u-1")));
    }

    @Test
    void what_firmware_and_boot_loaders_write_to_all_serial_ports_is_not_answered() {
        assertThat(session.answer("\u001b[2J\u001b[01;01HBdsDxe: starting Boot0001 \"UEFI QEMU NVMe Ctrl\"\r"))
                .isEmpty();
        assertThat(session.answer("\u001b[0m\u001b[30m\u001b[47mWelcome to GRUB!"))
                .isEmpty();
        assertThat(session.answer("\r")).isEmpty();
        assertThat(session.answer("\rerror: can't find command `invalid'.")).isEmpty();
        assertThat(session.answer("")).isEqualTo("invalid command\n");
    }

    @Test
    void version_2_reads() {
        assertThat(ask("GET", "nothing")).isEqualTo(new Frame("7f", "NOTFOUND", Optional.empty()));
        assertThat(ask("GET", "empty")).isEqualTo(new Frame("7f", "SUCCESS", Optional.empty()));
        assertThat(ask("KEYS", null)).isEqualTo(new Frame("7f", "SUCCESS", Optional.of("lines\nempty\nn")));
        assertThat(ask("FROB", null)).isEqualTo(new Frame("7f", "FAILURE", Optional.of("invalid command")));
    }

    @Test
    void version_2_writes() {
        String value = "line 1\nline 2 \u00fc";

        assertThat(ask("PUT", Frame.encode("a key") + " " + Frame.encode(value)).code())
                .isEqualTo("SUCCESS");
        assertThat(ask("GET", "a key").payload()).contains(value);
        assertThat(ask("PUT", Frame.encode("e") + " ").code()).isEqualTo("SUCCESS");
        assertThat(ask("DELETE", "a key").code()).isEqualTo("SUCCESS");
        assertThat(ask("DELETE", "a key").code()).isEqualTo("SUCCESS");
        assertThat(ask("GET", "a key").code()).isEqualTo("NOTFOUND");
    }

    @Test
    void a_refusal_is_a_failure_with_the_words() {
        assertThat(ask("PUT", Frame.encode("sdc:uuid") + " " + Frame.encode("x")))
                .isEqualTo(new Frame("7f", "FAILURE", Optional.of("Cannot update the \"sdc\" Namespace.")));
        assertThat(ask("PUT", "!!").code()).isEqualTo("FAILURE");
        assertThat(ask("PUT", "!! !!").code()).isEqualTo("FAILURE");
    }

    @Test
    void a_bug_of_ours_is_a_failure_without_details() {
        vm.breaks = true;

        assertThat(ask("PUT", Frame.encode("k") + " " + Frame.encode("x")))
                .isEqualTo(new Frame("7f", "FAILURE", Optional.of("internal error")));
    }

    private Frame ask(String code, String payload) {
        String answer = session.answer(new Frame("7f", code, Optional.ofNullable(payload)).text());
        assertThat(answer).endsWith("\n");
        return Frame.parse(answer.strip()).orElseThrow();
    }
}
