package zonda.daemon;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The host's processors, as {@code /proc/cpuinfo} has those that are online.
 *
 * @param virtualization vmx, svm or none
 * @param present whether online or not
 */
record HostCpu(String model, String virtualization, long sockets, long cores, long online, long present) {
    static HostCpu read() {
        return of(
                HostFile.lines(Path.of("/proc/cpuinfo")),
                HostFile.list(Path.of("/sys/devices/system/cpu")).stream()
                        .filter(path -> String.valueOf(path.getFileName()).matches("cpu[0-9]+"))
                        .count());
    }

    /** @param present how many sysfs has; it may have none of them in a container */
    static HostCpu of(List<String> cpuinfo, long present) {
        Set<String> sockets = new HashSet<>();
        Set<String> cores = new HashSet<>();
        var models = new ArrayList<String>();
        String flags = "";
        String socket = "";
        long online = 0;
        for (String line : cpuinfo) {
            int colon = line.indexOf(':');
            String value = colon < 0 ? "" : line.substring(colon + 1).strip();
            switch (colon < 0 ? "" : line.substring(0, colon).strip()) {
                case "processor" -> online++;
                case "model name" -> models.add(value);
                case "flags" -> flags = value;
                case "physical id" -> {
                    socket = value;
                    sockets.add(value);
                }
                case "core id" -> cores.add(socket + " " + value);
                default -> {}
            }
        }
        boolean tells = !sockets.isEmpty() && !cores.isEmpty();
        return new HostCpu(
                models.isEmpty() ? "unknown" : models.getFirst(),
                List.of(flags.split(" ")).contains("vmx")
                        ? "vmx"
                        : List.of(flags.split(" ")).contains("svm") ? "svm" : "none",
                tells ? sockets.size() : 1,
                tells ? cores.size() : online,
                online,
                Math.max(online, present));
    }

    boolean hasVirtualization() {
        return !virtualization.equals("none");
    }
}
