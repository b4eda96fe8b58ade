package zonda.metadata;

import java.time.Duration;

/**
 * What one zone can use of the service.
 *
 * @param connections at the same time; more are closed at once
 * @param longestLine in bytes
 * @param memory in bytes, for lines that haven't ended, of all its connections together
 * @param patience how long a connection may take for one line, sending or receiving
 */
public record MetadataLimits(int connections, int longestLine, long memory, Duration patience) {
    /** A value of a megabyte, twice in base64, fits a line. */
    public static final MetadataLimits USUAL = new MetadataLimits(16, 2 << 20, 4 << 20, Duration.ofSeconds(60));
}
