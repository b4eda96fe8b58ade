package zonda.commands;

import java.util.Optional;
import zonda.vm.Property;
import zonda.vm.PropertyTable;

/** What vmadm says about itself. */
final class VmadmUsage {
    static final String TEXT = """
            Usage: vmadm <command> [options]

              vmadm create [--strict] [-n] [-f <payload.json>]
              vmadm apply [--strict] [-n] [-f <payload.json>]
              vmadm list [-p] [-H] [-o field,...] [-s field,...] [field=value ...]
              vmadm lookup [-j [-o field,...]] [-1] [field=value ...]
              vmadm get <uuid>
              vmadm start <uuid> [order=cd[,once=d]] [cdrom=<path>,<model>] [disk=<path>,<model>]
              vmadm stop [-F] [-t <seconds>] <uuid>
              vmadm reboot [-F] <uuid>
              vmadm kill [-s SIGNAL | -SIGNAL] <uuid>
              vmadm update [--strict] [-n] <uuid> [-f <payload.json>] | property=value ...
              vmadm delete <uuid>
              vmadm create-snapshot <uuid> <snapname>
              vmadm rollback-snapshot <uuid> <snapname>
              vmadm delete-snapshot <uuid> <snapname>
              vmadm reprovision <uuid> [-f <payload.json>]
              vmadm send [-l] [-s] [-k <name>] [-i <name>] <uuid>
              vmadm send -t <token>
              vmadm receive [-s] [-P <pool>] [-f <file>]
              vmadm install <uuid>
              vmadm export <uuid> <file>
              vmadm import [-P <pool>] <file>
              vmadm console <uuid>
              vmadm logs [-j] [-n <lines>] <uuid>
              vmadm info <uuid> [type,...]
              vmadm sysrq <uuid> nmi | screenshot
              vmadm events [-f] [-j] [-r] [<uuid> ...]
              vmadm validate create [-f <payload.json>]
              vmadm validate update <brand> [-f <payload.json>]
              vmadm why <uuid>
              vmadm host-sleep begin | end
              vmadm schema <brand> [create | update]
              vmadm completion bash
              vmadm help [property]

            A VM is named by its UUID, the unique beginning of it, or its unique alias. Without -f, payloads are
            read from standard input. See vmadm(8).
            """;

    private VmadmUsage() {}

    /** The lines about one verb; all of them when there are none. */
    static String of(String verb) {
        var lines = new StringBuilder("Usage:\n");
        TEXT.lines()
                .filter(line -> line.startsWith("  vmadm " + verb + " "))
                .forEach(line -> lines.append(line).append('\n'));
        return lines.length() > "Usage:\n".length() ? lines.toString().stripTrailing() : TEXT.stripTrailing();
    }

    /** What the table says of a property. */
    static Optional<String> property(PropertyTable table, String name) {
        return table.find(name).map(VmadmUsage::text);
    }

    private static String text(Property property) {
        var text = new StringBuilder(property.name())
                .append("\n  ")
                .append(property.effect())
                .append('\n');
        text.append("  type:     ")
                .append(property.type()
                        .name()
                        .toLowerCase(java.util.Locale.ROOT)
                        .replace('_', '-'));
        property.min().ifPresent(min -> text.append(", from ").append(min));
        property.max().ifPresent(max -> text.append(", up to ").append(max));
        text.append('\n');
        property.defaultValue()
                .ifPresent(value ->
                        text.append("  default:  ").append(value.compact()).append('\n'));
        text.append("  change:   ")
                .append(
                        switch (property.change()) {
                            case LIVE -> "takes effect on a running VM";
                            case REBOOT -> "takes effect at the next boot";
                            case NONE -> "not after creation";
                        })
                .append('\n');
        if (property.status() == Property.Status.LATER) {
            text.append("  note:     known, and not yet supported by this version of Zonda\n");
        }
        return text.toString();
    }
}
