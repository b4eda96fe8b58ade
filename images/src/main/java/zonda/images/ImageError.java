package zonda.images;

import zonda.base.Code;

/** imgadm's error codes, by the names that scripts know them by; imgadm(8), "ERRORS". */
public enum ImageError {
    MANIFEST_VALIDATION("ManifestValidation", Code.INVALID),
    INVALID_MANIFEST("InvalidManifest", Code.INVALID),
    NO_SOURCES("NoSources", Code.FAILED),
    SOURCE_PING("SourcePing", Code.FAILED),
    ORIGIN_NOT_FOUND_IN_SOURCE("OriginNotFoundInSource", Code.NOT_FOUND),
    IMAGE_NOT_FOUND("ImageNotFound", Code.NOT_FOUND),
    ACTIVE_IMAGE_NOT_FOUND("ActiveImageNotFound", Code.NOT_FOUND),
    VM_NOT_FOUND("VmNotFound", Code.NOT_FOUND),
    VM_NOT_STOPPED("VmNotStopped", Code.CONFLICT),
    VM_HAS_NO_ORIGIN("VmHasNoOrigin", Code.FAILED),
    PREPARE_IMAGE_ERROR("PrepareImageError", Code.FAILED),
    PREPARE_IMAGE_DID_NOT_RUN("PrepareImageDidNotRun", Code.FAILED),
    MAX_ORIGIN_DEPTH("MaxOriginDepth", Code.FAILED),
    UPLOAD_ERROR("UploadError", Code.FAILED),
    IMAGE_NOT_INSTALLED("ImageNotInstalled", Code.IMAGE_NOT_INSTALLED),
    ORIGIN_NOT_INSTALLED("OriginNotInstalled", Code.IMAGE_NOT_INSTALLED),
    IMAGE_HAS_DEPENDENT_CLONES("ImageHasDependentClones", Code.CONFLICT),
    INVALID_UUID("InvalidUUID", Code.INVALID),
    INVALID_DOCKER_INFO("InvalidDockerInfo", Code.INVALID),
    INVALID_ARGUMENT("InvalidArgument", Code.INVALID),
    FILE_SYSTEM("FileSystem", Code.FAILED),
    UNCOMPRESSION_ERROR("UncompressionError", Code.FAILED),
    NOT_SUPPORTED("NotSupported", Code.NOT_SUPPORTED),
    USAGE("Usage", Code.USAGE),
    CLIENT_ERROR("ClientError", Code.FAILED),
    DOWNLOAD_ERROR("DownloadError", Code.FAILED),
    CONFIG_ERROR("ConfigError", Code.FAILED),
    INTERNAL_ERROR("InternalError", Code.FAILED);

    private final String label;
    private final Code code;

    ImageError(String label, Code code) {
        this.label = label;
        this.code = code;
    }

    /** As it stands between the brackets of {@code imgadm import: error (DownloadError): …}. */
    public String label() {
        return label;
    }

    public Code code() {
        return code;
    }
}
