package zonda.images.ovf;

import java.math.BigDecimal;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Bytes;

/** What of a descriptor makes a machine. Numbers of kinds are those of CIM_ResourceAllocationSettingData. */
final class OvfReader {
    private static final String CPU = "3";
    private static final String MEMORY = "4";
    private static final String IDE = "5";
    private static final String SCSI = "6";
    private static final String ETHERNET = "10";
    private static final String DISK = "17";
    private static final Pattern POWER = Pattern.compile("byte(?:s)?\\s*\\*\\s*(2|10)\\s*\\^\\s*(\\d{1,2})");
    private static final Map<String, Integer> SHIFTS =
            Map.of("byte", 0, "bytes", 0, "kilobytes", 10, "megabytes", 20, "gigabytes", 30, "terabytes", 40);

    private final OvfElement envelope;

    OvfReader(OvfElement envelope) {
        this.envelope = envelope;
    }

    /** A part of the machine: an Item, or what OVF 2 has beside it. */
    private record Item(OvfElement element) {
        boolean is(String kind) {
            return text("ResourceType").equals(kind);
        }

        String text(String name) {
            return element.text(name).orElse("");
        }

        long number(String name, long otherwise) {
            return element.text(name).map(text -> OvfReader.number(name, text)).orElse(otherwise);
        }
    }

    Ovf read() {
        if (!envelope.name().equals("Envelope")) {
            throw new OvfException("not an OVF descriptor: its first element is " + envelope.name());
        }
        if (envelope.child("VirtualSystemCollection").isPresent()) {
            throw new OvfException("it holds several machines (VirtualSystemCollection): export each by itself");
        }
        OvfElement system = envelope.child("VirtualSystem")
                .orElseThrow(() -> new OvfException("the descriptor has no VirtualSystem"));
        OvfElement hardware = system.child("VirtualHardwareSection")
                .orElseThrow(() -> new OvfException("the descriptor has no VirtualHardwareSection"));
        List<Item> items = hardware.children("Item", "StorageItem", "EthernetPortItem")
                .map(Item::new)
                .toList();
        return new Ovf(
                system.text("Name").or(() -> system.attribute("id")).orElse(""),
                (int) Math.clamp(
                        items.stream()
                                .filter(item -> item.is(CPU))
                                .mapToLong(item -> item.number("VirtualQuantity", 1))
                                .sum(),
                        1,
                        Integer.MAX_VALUE),
                items.stream()
                        .filter(item -> item.is(MEMORY))
                        .map(item -> bytes(item.text("VirtualQuantity"), item.text("AllocationUnits"), "MegaBytes"))
                        .findFirst()
                        .orElse(Bytes.of(0)),
                isEfi(system, hardware),
                disks(items),
                items.stream()
                        .filter(item -> item.is(ETHERNET))
                        .map(item -> item.text("ResourceSubType"))
                        .toList());
    }

    /** VMware says it in a Config of the hardware, VirtualBox in its own description of the machine. */
    private static boolean isEfi(OvfElement system, OvfElement hardware) {
        boolean vmware = hardware.children("Config")
                .filter(config -> config.attribute("key").equals(Optional.of("firmware")))
                .anyMatch(config -> config.attribute("value").equals(Optional.of("efi")));
        boolean virtualBox = system.below("Firmware")
                .anyMatch(firmware -> firmware.attribute("type")
                        .orElse("")
                        .toUpperCase(Locale.ROOT)
                        .startsWith("EFI"));
        return vmware || virtualBox;
    }

    private List<Ovf.Disk> disks(List<Item> items) {
        Map<String, Item> byId = items.stream()
                .collect(Collectors.toMap(item -> item.text("InstanceID"), item -> item, (first, _) -> first));
        Comparator<Item> byController =
                Comparator.comparingInt(disk -> items.indexOf(byId.getOrDefault(disk.text("Parent"), disk)));
        return items.stream()
                .filter(item -> item.is(DISK))
                .sorted(byController.thenComparingLong(disk -> disk.number("AddressOnParent", 0)))
                .map(item -> disk(item, Optional.ofNullable(byId.get(item.text("Parent")))))
                .toList();
    }

    private Ovf.Disk disk(Item item, Optional<Item> parent) {
        String resource = item.text("HostResource").replaceFirst("^ovf:", "");
        String id = resource.replaceFirst("^/?(disk|file)/", "");
        Ovf.Controller controller = parent.map(OvfReader::controller).orElse(Ovf.Controller.SATA);
        if (resource.contains("file/")) {
            return new Ovf.Disk(Optional.of(file(id)), Bytes.of(0), controller);
        }
        OvfElement disk = Stream.concat(envelope.children("DiskSection"), envelope.children("Section"))
                .flatMap(section -> section.children("Disk"))
                .filter(known -> known.attribute("diskId").equals(Optional.of(id)))
                .findFirst()
                .orElseThrow(() -> new OvfException("HostResource " + resource + ": there is no such Disk"));
        if (disk.attribute("parentRef").isPresent()) {
            throw new OvfException("disk " + id + " holds only what differs from another (parentRef)");
        }
        Bytes capacity = bytes(
                disk.attribute("capacity").orElse("0"),
                disk.attribute("capacityAllocationUnits").orElse(""),
                "byte");
        return new Ovf.Disk(disk.attribute("fileRef").map(this::file), capacity, controller);
    }

    private static Ovf.Controller controller(Item item) {
        String kind = item.text("ResourceSubType").toLowerCase(Locale.ROOT);
        if (kind.contains("virtio")) {
            return Ovf.Controller.VIRTIO;
        }
        if (kind.contains("nvme")) {
            return Ovf.Controller.NVME;
        }
        return switch (item.text("ResourceType")) {
            case IDE -> Ovf.Controller.IDE;
            case SCSI -> Ovf.Controller.SCSI;
            // 20, other storage, and what is unknown.
            default -> Ovf.Controller.SATA;
        };
    }

    private String file(String id) {
        OvfElement file = envelope.children("References")
                .flatMap(references -> references.children("File"))
                .filter(known -> known.attribute("id").equals(Optional.of(id)))
                .findFirst()
                .orElseThrow(() -> new OvfException("file " + id + " is not in References"));
        String name = file.attribute("href").orElse("");
        if (name.isEmpty() || name.contains("/") || name.equals("..")) {
            throw new OvfException("file " + id + ": \"" + name + "\" is not a file beside the descriptor");
        }
        if (file.attribute("chunkSize").isPresent()
                || file.attribute("compression")
                        .filter(how -> !how.equals("identity"))
                        .isPresent()) {
            throw new OvfException("file " + name + " is compressed or in chunks: unpack it, and correct References");
        }
        return name;
    }

    private static Bytes bytes(String quantity, String given, String otherwise) {
        String unit = given.isEmpty() ? otherwise : given;
        Matcher power = POWER.matcher(unit);
        BigDecimal factor;
        if (power.matches()) {
            factor = new BigDecimal(power.group(1)).pow(Integer.parseInt(power.group(2)));
        } else {
            Integer shift = SHIFTS.get(unit.toLowerCase(Locale.ROOT));
            if (shift == null) {
                throw new OvfException("unknown unit \"" + unit + "\"");
            }
            factor = new BigDecimal(2).pow(shift);
        }
        try {
            return Bytes.of(factor.multiply(new BigDecimal(number("quantity", quantity)))
                    .longValueExact());
        } catch (ArithmeticException e) {
            throw new OvfException(quantity + " " + unit + " is too much", e);
        }
    }

    private static long number(String name, String text) {
        try {
            long number = Long.parseLong(text);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new OvfException(name + " \"" + text + "\" is not a number");
    }
}
