package zonda.images.oci;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import zonda.base.Json;

/** What a host can run, in the words of Go, as image indexes have them. */
public record Platform(String os, String architecture) {
    public static Platform ofHost() {
        return new Platform(
                "linux",
                switch (System.getProperty("os.arch", "")) {
                    case "amd64", "x86_64" -> "amd64";
                    case "aarch64" -> "arm64";
                    case String other -> other;
                });
    }

    /** The entry of an index that fits best: of variants the plainest. */
    Descriptor choose(Json.Obj index) throws OciException {
        List<Json.Obj> entries = index.array("manifests").objects();
        Optional<Json.Obj> fitting = entries.stream()
                .filter(this::fits)
                .min(Comparator.comparing(entry -> entry.object("platform").string("variant", "")));
        if (fitting.isEmpty()
                && entries.size() == 1
                && entries.getFirst().object("platform").isEmpty()) {
            return Descriptor.of(entries.getFirst());
        }
        return Descriptor.of(fitting.orElseThrow(() -> new OciException("it is not for " + this + ", but for "
                + entries.stream()
                        .map(entry -> entry.object("platform"))
                        .map(platform -> platform.string("os", "?") + "/" + platform.string("architecture", "?"))
                        .distinct()
                        .collect(Collectors.joining(", ")))));
    }

    private boolean fits(Json.Obj entry) {
        Json.Obj platform = entry.object("platform");
        return os.equals(platform.string("os", "")) && architecture.equals(platform.string("architecture", ""));
    }

    /** Whether a configuration that says what it is for may be used. */
    void check(Json.Obj config) throws OciException {
        String itsOs = config.string("os", os);
        String itsArchitecture = config.string("architecture", architecture);
        if (!itsOs.equals(os) || !itsArchitecture.equals(architecture)) {
            throw new OciException("it is for " + itsOs + "/" + itsArchitecture + ", not for " + this);
        }
    }

    @Override
    public String toString() {
        return os + "/" + architecture;
    }
}
