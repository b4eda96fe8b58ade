package zonda.vm;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;

/** The columns of {@code vmadm list}: their headers, widths and order, as vmadm(8) has them. */
public final class Columns {
    private static final int COMPLEX_WIDTH = 20;
    /** name, header, width. */
    private static final String SIMPLE = """
            alias ALIAS 10
            autoboot AUTOBOOT 8
            billing_id BILLING_ID 36
            boot_timestamp BOOT_TIMESTAMP 24
            brand BRAND 14
            cpu_cap CPU_CAP 7
            cpu_shares CPU_SHARE 9
            cpu_type CPU_TYPE 8
            create_timestamp CREATE_TIMESTAMP 24
            dns_domain DOMAIN 32
            do_not_inventory DNI 5
            docker DOCKER 6
            exit_status EXIT 4
            exit_timestamp EXIT_TIMESTAMP 24
            firewall_enabled FIREWALL_ENABLED 16
            flexible_disk_size FLEX_DISK_SIZE 14
            free_space FREE_SPACE 14
            hostname HOSTNAME 32
            hvm HVM 5
            image_uuid IMAGE_UUID 36
            indestructible_delegated INDESTR_DATA 12
            indestructible_zoneroot INDESTR_ROOT 12
            max_locked_memory MAX_LOCKED 10
            max_lwps MAX_LWP 7
            max_physical_memory MAX_PHYS 8
            max_swap MAX_SWAP 8
            owner_uuid OWNER_UUID 36
            package_name PACKAGE_NAME 32
            package_version PACKAGE_VER 11
            pid PID 6
            qemu_extra_opts QEMU_EXTRA_OPTS 15
            quota QUOTA 5
            ram RAM 7
            state STATE 16
            tmpfs TMPFS 5
            type TYPE 4
            uuid UUID 36
            vcpus VCPUS 5
            zfs_io_priority IO_PRIORITY 11
            zone_state ZONE_STATE 10
            zoneid ZONEID 6
            zonename ZONENAME 12
            zonepath ZONEPATH 40
            zpool ZPOOL 12
            """;

    private final Map<String, Column> columns = new LinkedHashMap<>();

    public Columns() {
        SIMPLE.lines().forEach(line -> {
            String[] field = line.split(" ");
            columns.put(field[0], new Column(field[0], field[1], Integer.parseInt(field[2])));
        });
    }

    /** One column of the table. */
    public record Column(String name, String header, int width) {
        /** What the VM has in it; empty when nothing. */
        public String value(Json.Obj vm) {
            return Query.values(vm, name).findFirst().orElse("");
        }
    }

    /** The VM with what list and lookup know of it and get does not show. */
    public static Json.Obj listed(Json.Obj vm) {
        Json.Obj listed = vm;
        for (String name : List.of("type", "ram")) {
            Optional<Json> value = Query.value(vm, name);
            listed = value.isPresent() ? listed.with(name, value.get()) : listed;
        }
        return listed;
    }

    /** In the order of vmadm(8). */
    public Set<String> names() {
        return columns.keySet();
    }

    boolean isColumn(String name) {
        return columns.containsKey(name);
    }

    /**
     * @param names separated by commas
     * @param what the word that messages use: order, sort
     * @throws OpException USAGE naming the unknown key
     */
    public List<Column> parse(String names, String what) {
        List<Column> parsed = new ArrayList<>();
        for (String name : names.split(",")) {
            parsed.add(column(name, what));
        }
        return parsed;
    }

    private Column column(String name, String what) {
        if (columns.containsKey(name)) {
            return columns.get(name);
        }
        if (name.matches("(nics|disks)\\.[0-9]+\\.[a-z_]+|(tags|customer_metadata|internal_metadata)\\..+")) {
            return new Column(name, name.toUpperCase(Locale.ROOT), COMPLEX_WIDTH);
        }
        throw new OpException(Code.USAGE, "Invalid " + what + " key: \"" + name + "\"");
    }

    /** The order that {@code -s f,-f,+f} asks for: numbers as numbers, the rest as text. */
    public Comparator<Json.Obj> sort(String keys) {
        Comparator<Json.Obj> order = (_, _) -> 0;
        for (String key : keys.split(",")) {
            boolean descending = key.startsWith("-");
            Column column = column(key.replaceFirst("^[-+]", ""), "sort");
            Comparator<Json.Obj> by = Comparator.comparing(column::value, Columns::compare);
            order = order.thenComparing(descending ? by.reversed() : by);
        }
        return order;
    }

    private static int compare(String left, String right) {
        return isNumber(left) && isNumber(right)
                ? Long.compare(Long.parseLong(left), Long.parseLong(right))
                : left.compareTo(right);
    }

    /** Whether it is a whole number that a long holds, told without a regular expression: it is asked for each pair. */
    private static boolean isNumber(String text) {
        int from = text.startsWith("-") ? 1 : 0;
        int digits = text.length() - from;
        for (int i = from; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return digits >= 1 && digits <= 18;
    }
}
