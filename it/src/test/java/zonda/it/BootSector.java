package zonda.it;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * A disk's first sector, whose program fills the second with the letter P, puts metadata at the second serial port, and
 * switches the machine off.
 */
final class BootSector {
    private BootSector() {}

    /** @param metadata what it puts, in order */
    static byte[] of(Map<String, String> metadata) {
        int length = program(0).length();
        BootProgram program = program(BootProgram.LOADED + length);
        metadata.forEach((key, value) -> program.add(put(key, value).chars().toArray()));
        return program.sector();
    }

    /** @param words where the text begins that it sends, line by line, each after the answer to the one before */
    private static BootProgram program(int words) {
        return BootProgram.begin()
                .add(0xbf, 0x00, 0x7e, 0xb9, 0x00, 0x02) // mov di, 0x7e00; mov cx, 512
                .add(0xb0, 'P', 0xf3, 0xaa) // mov al, 'P'; rep stosb
                .add(0xb8, 0x01, 0x03, 0xbb, 0x00, 0x7e) // mov ax, 0x301; mov bx, 0x7e00
                .add(0xb9, 0x02, 0x00, 0xb6, 0x00, 0xcd, 0x13) // mov cx, 2; mov dh, 0; int 0x13, which writes
                .add(0xbe, words, words >> 8) // mov si, words
                .add(0xac, 0x84, 0xc0, 0x74, 0x26) // next: lodsb; test al, al; jz off
                .add(0x88, 0xc4, 0xba, 0xfd, 0x02) // mov ah, al; mov dx, 0x2fd
                .add(0xec, 0xa8, 0x20, 0x74, 0xfb) // full: in al, dx; test al, 0x20; jz full
                .add(0xba, 0xf8, 0x02, 0x88, 0xe0, 0xee) // mov dx, 0x2f8; mov al, ah; out dx, al
                .add(0x3c, 0x0a, 0x75, 0xe7) // cmp al, 10; jne next
                .add(0xba, 0xfd, 0x02, 0xec) // empty: mov dx, 0x2fd; in al, dx
                .add(0xa8, 0x01, 0x74, 0xf8) // test al, 1; jz empty
                .add(0xba, 0xf8, 0x02, 0xec) // mov dx, 0x2f8; in al, dx
                .add(0x3c, 0x0a, 0x75, 0xf0, 0xeb, 0xd5) // cmp al, 10; jne empty; jmp next
                .add(0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef) // off: mov dx, 0x604; mov ax, 0x2000; out dx, ax
                .rest();
    }

    /** A frame of the metadata protocol's second version. */
    private static String put(String key, String value) {
        String body = "00000001 PUT " + base64(base64(key) + " " + base64(value));
        var crc = new CRC32();
        crc.update(body.getBytes(StandardCharsets.US_ASCII));
        return "V2 %d %08x %s\n".formatted(body.length(), crc.getValue(), body);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
    }
}
