package zonda.it;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/** A viewer of displays, as far as the question whether it is let in: the RFB protocol, RFC 6143, 7.1 and 7.2. */
final class Rfb {
    private static final int LIMIT_MILLIS = 20_000;
    private static final int NONE = 1;
    private static final int BY_PASSWORD = 2;
    private static final int CHALLENGE = 16;

    private Rfb() {}

    /** Whether the display at the port of this host lets in who says the password; empty for who says none. */
    static boolean letsIn(long port, String password) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), (int) port)) {
            socket.setSoTimeout(LIMIT_MILLIS);
            var in = new DataInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            in.readNBytes("RFB 003.008\n".length());
            out.write("RFB 003.008\n".getBytes(StandardCharsets.US_ASCII));
            byte[] offered = in.readNBytes(in.readUnsignedByte());
            int wanted = password.isEmpty() ? NONE : BY_PASSWORD;
            if (offered.length != 1 || offered[0] != wanted) {
                return false;
            }
            out.write(wanted);
            if (!password.isEmpty()) {
                out.write(answer(in.readNBytes(CHALLENGE), password));
            }
            return in.readInt() == 0;
        }
    }

    /** DES with the password as its key, the bits of each byte in the other order. */
    private static byte[] answer(byte[] challenge, String password) {
        byte[] key = Arrays.copyOf(password.getBytes(StandardCharsets.US_ASCII), 8);
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) (Integer.reverse(key[i]) >>> 24);
        }
        try {
            Cipher des = Cipher.getInstance("DES/ECB/NoPadding");
            des.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "DES"));
            return des.doFinal(challenge);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
