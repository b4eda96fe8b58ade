package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PasswdTest {
    @Test
    void finds_users_by_name_and_number_and_survives_what_a_guest_may_write() {
        var passwd = Passwd.parse(
                "root:x:0:0::/root:/bin/bash\nbroken\nbad:x:nan:0::/:/bin/sh\nweb:x:33:33::relative:\n",
                "www:x:33:\nadm:x:4:web,other\nbroken\n");

        assertThat(passwd.find("root").orElseThrow().shell()).isEqualTo("/bin/bash");
        assertThat(passwd.find("33")).contains(new Passwd.User("web", 33, 33, List.of(4L), "/", "/bin/sh"));
        assertThat(passwd.find("bad")).isEmpty();
        assertThat(passwd.find("broken")).isEmpty();
    }
}
