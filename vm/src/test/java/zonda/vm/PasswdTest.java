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

    @Test
    void a_container_may_name_its_user_and_group_by_names_and_numbers() {
        var passwd = Passwd.parse("web:x:33:34::/var/www:/bin/sh\n", "logs:x:4:web\nweb:x:34:\n");

        assertThat(passwd.container("web"))
                .contains(new Passwd.User("web", 33, 34, List.of(4L), "/var/www", "/bin/sh"));
        assertThat(passwd.container("33:logs"))
                .contains(new Passwd.User("web", 33, 4, List.of(), "/var/www", "/bin/sh"));
        assertThat(passwd.container("70:71")).contains(new Passwd.User("70", 70, 71, List.of(), "/", "/bin/sh"));
        assertThat(passwd.container("nobody")).isEmpty();
        assertThat(passwd.container("web:nogroup")).isEmpty();
    }
}
