package zonda.dtrace;

import zonda.dtrace.code.Attributes;
import zonda.dtrace.code.Options;
import zonda.dtrace.provider.Probe;

/** What is told of a program before it is traced: how many probes it matched, and with -v how stable it is. */
final class Report {
    private final Unit unit;
    private final CommandLine line;
    private final Options options;
    private final Outlet outlet;
    private final Listing listing;

    Report(Unit unit, CommandLine line, Options options, Outlet outlet, Listing listing) {
        this.unit = unit;
        this.line = line;
        this.options = options;
        this.outlet = outlet;
        this.listing = listing;
    }

    /** Of a program that will be traced. */
    void enabled(Sources.Compiled program, Dtrace.Terminal terminal) {
        if (!options.is("quiet")) {
            terminal.err("dtrace: " + program.what() + " '" + program.name() + "' matched " + program.matched()
                    + " probe" + (program.matched() == 1 ? "" : "s"));
        }
        if (line.has("v")) {
            stability(program);
            outlet.out("\n");
        }
    }

    /** Of a program that is compiled only. */
    void unenabled(Sources.Compiled program) {
        if (!line.has("v")) {
            return;
        }
        stability(program);
        for (Unit.Enabling enabling : program.enablings()) {
            for (Probe probe : enabling.probes()) {
                outlet.out("\n" + probe.description() + "\n" + listing.attributes(probe));
            }
        }
    }

    private void stability(Sources.Compiled program) {
        Attributes descriptions = program.enablings().stream()
                .flatMap(enabling -> enabling.probes().stream())
                .map(Stability::description)
                .reduce(Attributes.STABLE, Attributes::least);
        Attributes statements = program.enablings().stream()
                .map(enabling -> Stability.statements(enabling.clause(), enabling.probes(), unit.names()))
                .reduce(Attributes.STABLE, Attributes::least);
        outlet.out("\nStability attributes for " + program.what() + " " + program.name() + ":\n"
                + "\n\tMinimum Probe Description Attributes\n" + descriptions.report()
                + "\n\tMinimum Statement Attributes\n" + statements.report());
    }
}
