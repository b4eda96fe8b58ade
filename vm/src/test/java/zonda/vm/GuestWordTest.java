package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Json;

/** Which guests are waited for at their first boot, and for how long. */
class GuestWordTest {
    private static VmConfig machine(String json) {
        Json.Obj given = Json.parseObject(json.replace('\'', '"'));
        return new VmConfig(given.with("uuid", "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0")
                .with("brand", given.string("brand", "bhyve")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "true  | 'customer_metadata':{'user-script':'x'},'disks':[{'model':'ide','nocreate':true,'path':'/x'}]",
                "true  | 'customer_metadata':{'cloud-init:user-data':'x'},'boot':'direct','kernel':'/k'",
                "true  | 'internal_metadata':{'operator-script':'x'},'boot':'direct','kernel':'/k'",
                "false | 'customer_metadata':{'colour':'x'},'boot':'direct','kernel':'/k'",
                "false | 'customer_metadata':{'user-script':'x'},'disks':[{'size':8,"
                        + "'path':'/dev/zvol/rdsk/zones/54f1cc77-68f1-42ab-acac-5c4f64f5d6e0/disk0'}]",
                "false | 'customer_metadata':{'user-script':'x'},'internal_metadata':{'cloudinit_datasource':'nocloud'},"
                        + "'boot':'direct','kernel':'/k'",
            })
    void a_guest_is_waited_for_that_has_something_to_do_and_can_ask_for_it(boolean expected, String payload) {
        VmConfig vm = machine("{" + payload + "}");

        assertThat(GuestWord.isExpected(vm)).isEqualTo(expected);
    }

    @Test
    void a_guest_has_smartos_time_to_say_something() {
        assertThat(GuestWord.limit(machine("{'ram':4096}"))).hasSeconds(300);
        assertThat(GuestWord.limit(machine("{'ram':4097}"))).hasSeconds(600);
        VmConfig deaf =
                machine("{'com2':'socket,/tmp/x','boot':'direct','kernel':'/k','customer_metadata':{'user-data':'x'}}");
        assertThat(GuestWord.isExpected(deaf)).isFalse();
    }
}
