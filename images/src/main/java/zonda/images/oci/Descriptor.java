package zonda.images.oci;

import zonda.base.Json;

/** A blob as a manifest names it (image-spec, "OCI Content Descriptors"). */
public record Descriptor(String mediaType, Digest digest, long size) {
    static Descriptor of(Json.Obj json) throws OciException {
        long size = json.integer("size").orElseThrow(() -> new OciException("a descriptor has no size"));
        if (size < 0) {
            throw new OciException("a descriptor has the size " + size);
        }
        return new Descriptor(json.string("mediaType", ""), Digest.parse(json.string("digest", "")), size);
    }
}
