package zonda.images;

import java.nio.file.Path;
import java.util.UUID;

/**
 * Where imgadm keeps its files, below the root of an instance ({@code /} on a host of its own).
 *
 * @param root absolute
 */
public record ImgadmPaths(Path root) {
    Path config() {
        return root.resolve("var/imgadm/imgadm.conf");
    }

    Path records() {
        return root.resolve("var/imgadm/images");
    }

    Path record(String pool, UUID uuid) {
        return records().resolve(pool + "-" + uuid + ".json");
    }

    Path served() {
        return root.resolve("var/imgadm/served");
    }

    Path downloads() {
        return root.resolve("var/tmp/.imgadm-downloads");
    }

    Path locks() {
        return root.resolve("var/run");
    }

    Path lock(UUID uuid) {
        return locks().resolve("img." + uuid + ".import.lock");
    }
}
