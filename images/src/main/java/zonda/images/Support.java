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
                if (manifest.origin().isPresent()) {
                    throw refused(
                            manifest,
                            "it is incremental, made from image "
                                    + manifest.origin().get() + ", which takes a ZFS stream that can't be received yet"
                                    + INSTEAD);
                }
            }
            case "zone-dataset" ->
                throw refused(
                        manifest,
                        "it is a zone-dataset: it holds illumos programs, which don't run on Linux" + INSTEAD);
            case "zvol" ->
                throw refused(
                        manifest,
                        "it is a zvol, the disk of a virtual machine, and those come with the brands kvm and bhyve, "
                                + "which aren't there yet" + INSTEAD);
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
