package zonda.images.oci;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import zonda.base.Json;

/**
 * An image whose manifest and configuration are read and checked.
 *
 * @param manifestDigest of the manifest for this platform
 * @param configuration the whole configuration
 */
public record OciImage(Digest manifestDigest, Digest configDigest, Json.Obj configuration, List<Descriptor> layers) {
    static final String INDEX = "application/vnd.oci.image.index.v1+json";
    static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    static final String DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
    static final String DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
    private static final String DOCKER_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1";

    public OciImage {
        layers = List.copyOf(layers);
    }

    /** Indexes may hold indexes, and might hold each other. */
    private static final int DEPTH = 4;

    private static final int MANIFEST_LIMIT = 4 << 20;

    /** Where manifests and configurations are, by descriptor; what is answered has that digest. */
    interface Blobs {
        byte[] small(Descriptor wanted) throws IOException;
    }

    /** Reads what a manifest or index says, of which this is the text. */
    static OciImage read(byte[] manifest, Platform platform, Blobs blobs) throws IOException {
        byte[] text = manifest;
        for (int depth = 0; depth < DEPTH; depth++) {
            Json.Obj json = object(text, "manifest");
            checkVersion(json);
            if (json.has("manifests")) {
                text = blobs.small(limited(platform.choose(json)));
            } else {
                return ofManifest(json, Digest.of(text), platform, blobs);
            }
        }
        throw new OciException("indexes lead to indexes without end");
    }

    private static OciImage ofManifest(Json.Obj json, Digest digest, Platform platform, Blobs blobs)
            throws IOException {
        if (!json.has("config") || !json.has("layers")) {
            throw new OciException("not the manifest of an image: no config, or no layers");
        }
        Descriptor config = limited(Descriptor.of(json.object("config")));
        var layers = new ArrayList<Descriptor>();
        for (Json.Obj layer : json.array("layers").objects()) {
            layers.add(checkLayer(Descriptor.of(layer)));
        }
        if (layers.isEmpty()) {
            throw new OciException("an image without layers");
        }
        Json.Obj configuration = object(blobs.small(config), "configuration");
        platform.check(configuration);
        return new OciImage(digest, config.digest(), configuration, layers);
    }

    private static Descriptor limited(Descriptor wanted) throws OciException {
        if (wanted.size() > MANIFEST_LIMIT) {
            throw new OciException("a manifest or configuration of " + wanted.size() + " bytes");
        }
        return wanted;
    }

    private static void checkVersion(Json.Obj json) throws OciException {
        if (json.integer("schemaVersion", 2) != 2
                || json.string("mediaType", "").startsWith(DOCKER_SCHEMA_1)) {
            throw new OciException("a manifest of Docker's schema 1, which registries no longer take: push it anew");
        }
    }

    /** How it is compressed shows in its first bytes; what it says tells only whether it is a layer at all. */
    private static Descriptor checkLayer(Descriptor layer) throws OciException {
        String type = layer.mediaType();
        boolean isTar = type.contains(".tar") || type.endsWith("+gzip") || type.endsWith("+zstd");
        if (!isTar || type.endsWith("+encrypted") || type.contains("foreign")) {
            throw new OciException("a layer of the type \"" + type + "\" can't be unpacked");
        }
        return layer;
    }

    static Json.Obj object(byte[] text, String what) throws OciException {
        try {
            return Json.parseObject(new String(text, StandardCharsets.UTF_8));
        } catch (Json.JsonSyntaxException e) {
            throw new OciException("its " + what + " isn't JSON: " + e.getMessage(), e);
        }
    }

    /** What is to be fetched. */
    public long size() {
        return layers.stream().mapToLong(Descriptor::size).sum();
    }
}
