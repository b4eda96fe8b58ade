package zonda.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import zonda.base.Json;
import zonda.kernel.Command;

/** A directory in the OCI image layout with one small image: busybox, two users, and a configuration of the test's. */
final class OciLayout {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final List<String> APPLETS = List.of(
            "sh", "cat", "sleep", "id", "env", "echo", "ls", "readlink", "hostname", "pwd", "grep", "date", "tail");

    private OciLayout() {}

    /** @param config the member config of the image's configuration */
    static Path make(Path directory, Json.Obj config) throws IOException {
        Path blobs = Files.createDirectories(directory.resolve("blobs/sha256"));
        Path tree = tree(directory.resolveSibling(directory.getFileName() + "-tree"));
        Path tar = directory.resolveSibling(directory.getFileName() + ".tar");
        Command.of("tar", "-C", tree.toString(), "--owner=0", "--group=0", "-cf", tar.toString(), ".")
                .check(LIMIT);
        String layer = add(blobs, Files.readAllBytes(tar));
        Json.Obj configuration = Json.object()
                .with("architecture", "amd64")
                .with("os", "linux")
                .with("config", config)
                .with(
                        "rootfs",
                        Json.object()
                                .with("type", "layers")
                                .with("diff_ids", Json.Arr.ofStrings(List.of("sha256:" + layer))));
        String configDigest = add(blobs, bytes(configuration));
        Json.Obj manifest = Json.object()
                .with("schemaVersion", 2)
                .with("mediaType", "application/vnd.oci.image.manifest.v1+json")
                .with("config", descriptor(blobs, "application/vnd.oci.image.config.v1+json", configDigest))
                .with(
                        "layers",
                        new Json.Arr(List.of(descriptor(blobs, "application/vnd.oci.image.layer.v1.tar", layer))));
        String manifestDigest = add(blobs, bytes(manifest));
        Json.Obj index = Json.object()
                .with("schemaVersion", 2)
                .with(
                        "manifests",
                        new Json.Arr(List.of(
                                descriptor(blobs, "application/vnd.oci.image.manifest.v1+json", manifestDigest))));
        Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        Files.write(directory.resolve("index.json"), bytes(index));
        return directory;
    }

    private static Path tree(Path tree) throws IOException {
        Files.createDirectories(tree.resolve("bin"));
        Files.createDirectories(tree.resolve("etc"));
        Files.copy(Path.of("/bin/busybox"), tree.resolve("bin/busybox"));
        for (String applet : APPLETS) {
            Files.createSymbolicLink(tree.resolve("bin").resolve(applet), Path.of("busybox"));
        }
        Files.writeString(
                tree.resolve("etc/passwd"), "root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/home/web:/bin/sh\n");
        Files.writeString(tree.resolve("etc/group"), "root:x:0:\nweb:x:1000:\nlogs:x:4:web\n");
        Files.createSymbolicLink(tree.resolve("etc/resolv.conf"), Path.of("../run/resolv.conf"));
        return tree;
    }

    private static Json.Obj descriptor(Path blobs, String mediaType, String digest) throws IOException {
        return Json.object()
                .with("mediaType", mediaType)
                .with("digest", "sha256:" + digest)
                .with("size", Files.size(blobs.resolve(digest)));
    }

    private static byte[] bytes(Json.Obj json) {
        return json.compact().getBytes(StandardCharsets.UTF_8);
    }

    private static String add(Path blobs, byte[] content) throws IOException {
        try {
            String digest = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(content));
            Files.write(blobs.resolve(digest), content);
            return digest;
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
