package zonda.dtrace.output;

/** Bytes as tracemem() and trace() of arrays show them. */
final class HexDump {
    private static final int ROW = 16;
    private static final String MARGIN = "     ";

    private HexDump() {}

    static String of(byte[] bytes) {
        var out = new StringBuilder("\n").append(" ".repeat(11));
        for (int i = 0; i < ROW; i++) {
            out.append("  ").append(Character.forDigit(i, 16));
        }
        out.append("  0123456789abcdef\n");
        for (int row = 0; row < bytes.length; row += ROW) {
            out.append(MARGIN)
                    .append(Values.padded(Integer.toHexString(row), 5))
                    .append(':');
            var text = new StringBuilder();
            for (int i = row; i < row + ROW; i++) {
                if (i < bytes.length) {
                    out.append(' ').append(hex(bytes[i]));
                    text.append(bytes[i] >= 32 && bytes[i] < 127 ? (char) bytes[i] : '.');
                } else {
                    out.append("   ");
                }
            }
            out.append("  ").append(text).append('\n');
        }
        return out.toString();
    }

    private static String hex(byte value) {
        return "" + Character.forDigit(value >> 4 & 15, 16) + Character.forDigit(value & 15, 16);
    }
}
