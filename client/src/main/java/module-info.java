/**
 * The one small program behind every command name, and the frames it speaks with the daemon. It needs java.base, and
 * jdk.unsupported for the window-change signal of interactive sessions; nothing else, since its start is what an operator
 * waits for.
 */
@org.jspecify.annotations.NullMarked
module zonda.client {
    requires static org.jspecify;
    requires jdk.unsupported;

    // java.base makes the instance of StartupRandom's one service.
    exports zonda.client to
            java.base,
            zonda.commands,
            zonda.daemon;

    // The stand-in for SecureRandom in this program's own runtime image: see StartupRandom.
    provides java.security.Provider with
            zonda.client.StartupRandom;
}
