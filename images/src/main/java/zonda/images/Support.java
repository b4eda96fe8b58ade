package zonda.images;

/** Which images can be used on this host, and what to tell of the others. */
final class Support {
    private Support() {}

    /** @throws ImageException NOT_SUPPORTED saying what to do instead */
    static void check(Manifest manifest) {
        switch (manifest.type()) {
            case "lx-dataset", "docker" -> {
                if (!manifest.os().equals("linux")) {
                    throw refused(manifest, "its os is " + manifest.os() + ", and zones run Linux here" + INSTEAD);
                }
                if (manifest.type().equals("docker") && manifest.origin().isPresent()) {
                    throw refused(
                            manifest,
                            "it is one layer of an image of docker; import the whole by its name in its registry");
                }
            }
            case "zvol" -> {
                // Whole disks: of any system. They come to use with the brands kvm and bhyve.
            }
            case "zone-dataset" ->
                throw refused(
                        manifest,
                        "it is a zone-dataset: it holds illumos programs, which don't run on Linux" + INSTEAD);
            case String other -> throw refused(manifest, "images of the type " + other + " can't be run" + INSTEAD);
        }
    }

    private static final String INSTEAD =
            "; use a Linux image instead: imgadm create --debian SUITE name=NAME version=VERSION, "
                    + "or imgadm import of an OCI image such as debian:12";

    private static ImageException refused(Manifest manifest, String reason) {
        return new ImageException(ImageError.NOT_SUPPORTED, "image " + manifest.title() + " can't be used: " + reason);
    }
}
