package zonda.images;

import zonda.base.Json;

/** What the image server refuses, in IMGAPI's codes. */
final class ServerError extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;

    ServerError(int status, String code, String message) {
        super(message);
        this.status = status;
        this.code = code;
    }

    static ServerError notFound(String message) {
        return new ServerError(404, "ResourceNotFound", message);
    }

    int status() {
        return status;
    }

    Json.Obj json() {
        return Json.object().with("code", code).with("message", String.valueOf(getMessage()));
    }
}
