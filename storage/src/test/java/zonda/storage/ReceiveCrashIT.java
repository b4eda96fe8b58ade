package zonda.storage;

import java.util.List;

/** As {@link CrashIT}, of receives. */
class ReceiveCrashIT extends CrashIT {
    @Override
    List<VerbScript.Step> script() {
        return VerbScript.receives();
    }

    @Override
    int leastPoints() {
        return 25;
    }
}
