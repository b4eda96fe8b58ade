package zonda.images.oci;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** The sha256 of a blob. Others that the specification registers (sha512) aren't in use by registries. */
public record Digest(String hex) {
    private static final Pattern FORM = Pattern.compile("sha256:[0-9a-f]{64}");

    public static Digest parse(String text) throws OciException {
        if (!FORM.matcher(text).matches()) {
            throw new OciException("not a sha256 digest: " + text);
        }
        return new Digest(text.substring("sha256:".length()));
    }

    public static Digest of(byte[] content) {
        return new Digest(HexFormat.of().formatHex(sha256().digest(content)));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("no SHA-256 in this JDK", e);
        }
    }

    void check(byte[] content, String what) throws OciException {
        Digest actual = of(content);
        if (!equals(actual)) {
            throw new OciException(what + ": its digest is " + actual + ", expected " + this);
        }
    }

    @Override
    public String toString() {
        return "sha256:" + hex;
    }
}
