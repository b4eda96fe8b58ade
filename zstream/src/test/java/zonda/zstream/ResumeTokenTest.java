package zonda.zstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import zonda.zstream.ResumeToken.Form;

/** Tokens as OpenZFS makes them, and what its {@code zfs send -nvt} says is in them. */
class ResumeTokenTest {
    private static final String FULL = "1-bf31b879a-b8-789c636064000310a500c4ec50360710e72765a5269740f80cd8e4d3d28a534b"
            + "18e00024cf86249f5459925acc802a8facbf243fbd3433858161f5ddb9ab1ae7c7466a20c97382e5f312735319180af2f3730cf58166"
            + "953824c2cc0200cde81651";
    private static final String INCREMENTAL =
            "1-c49b979a2-e0-789c636064000310a501c49c50360710a715e5e7a69766a63040c1eabb735735ce8f8d5400b2d991d4e52765a526"
                    + "9740f82080219f96569c5ac2000720793624f9a4ca92d46206547964fd25f91057f09e37babb88c9bf5503499e132c9f97"
                    + "989bcac050909f9f63a80f34abc421096616007c881d4c";

    @Test
    void tokens_of_openzfs_are_read_and_written_alike() {
        ResumeToken full = ResumeToken.parse(FULL);
        ResumeToken incremental = ResumeToken.parse(INCREMENTAL);

        assertThat(full.point()).isEqualTo(new ResumePoint(1, 0));
        assertThat(full.fromGuid()).isZero();
        assertThat(full.toName()).isEqualTo("pool1/test@a");
        assertThat(incremental.described()).isEqualTo("""
                resume token contents:
                nvlist version: 0
                \tfromguid = 0x595d9f81aa9dddab
                \tobject = 0x1
                \toffset = 0x0
                \tbytes = 0x0
                \ttoguid = 0x854f02a2dd32cf0d
                \ttoname = pool1/test@b
                """);
        assertThat(List.of(full.text(), incremental.text())).containsExactly(FULL, INCREMENTAL);
    }

    @Test
    void what_is_in_a_token_comes_back() {
        for (Form form : List.of(Form.PLAIN, new Form(true, true, true), new Form(false, false, true))) {
            var token = new ResumeToken(new ResumePoint(77, 3 << 17), 1234567, -5, "zones/\u00e9@x", 9, form);
            assertThat(ResumeToken.parse(token.text())).isEqualTo(token);
        }
    }

    @Test
    void a_token_that_is_none_says_what_is_wrong_with_it() {
        assertThatThrownBy(() -> ResumeToken.parse("hello"))
                .hasMessage("cannot resume send: resume token is corrupt (invalid format)");
        assertThatThrownBy(() -> ResumeToken.parse("2" + FULL.substring(1)))
                .hasMessage("cannot resume send: resume token is corrupt (version 2 is not supported)");
        assertThatThrownBy(() -> ResumeToken.parse(FULL.replace("c7466a", "c7466b")))
                .hasMessage("cannot resume send: resume token is corrupt (incorrect checksum)");
        assertThatThrownBy(() -> ResumeToken.parse(FULL.replace("-b8-", "-ffffff-")))
                .hasMessage("cannot resume send: resume token is corrupt (decompression failed)");
        assertThatThrownBy(() -> ResumeToken.parse(FULL.replace("-b8-", "-b0-")))
                .hasMessageStartingWith("cannot resume send: resume token is corrupt (");
        assertThatThrownBy(() -> ResumeToken.parse(FULL.substring(0, FULL.length() - 1)))
                .hasMessage("cannot resume send: resume token is corrupt (payload is not hex-encoded)");
    }
}
