package zonda.commands;

/** A command by its name, such as vmadm. */
public interface Tool {
    String name();

    /**
     * Runs one command line. A {@link zonda.base.OpException} that leaves it is printed as the tool's own complaint with
     * that code's exit status.
     *
     * @return the exit status
     */
    int run(Session session);

    /** How the tool words a failure; by default the message alone. */
    default String complaint(zonda.base.OpException e) {
        return e.getMessage();
    }
}
