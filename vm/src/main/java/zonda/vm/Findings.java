package zonda.vm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;

/**
 * What is wrong with a payload. What {@code vmadm validate} tells is in vmadm's classes, by dotted paths such as
 * {@code nics.*.mac} and {@code disks.0.size}; what depends on several properties or on the host, which only create and
 * update look at, is in words. Confined to the validation that fills it.
 */
public final class Findings {
    private Optional<String> badBrand = Optional.empty();
    private final SortedSet<String> badProperties = new TreeSet<>();
    private final SortedSet<String> badValues = new TreeSet<>();
    private final SortedSet<String> missing = new TreeSet<>();
    private final SortedSet<String> later = new TreeSet<>();
    private final List<String> errors = new ArrayList<>();
    private final List<String> refusals = new ArrayList<>();
    private final SortedSet<String> places = new TreeSet<>();
    private final List<String> warnings = new ArrayList<>();

    void badBrand(String word) {
        badBrand = Optional.of(word);
    }

    /** A name that nobody knows, or that this verb doesn't take for this brand: dropped, with a warning. */
    void badProperty(String path, String warning) {
        badProperties.add(path);
        warnings.add(warning);
    }

    void badValue(String path) {
        badValues.add(path);
    }

    /** A value of one of several members. @param at its path, by the member's index */
    void badMember(String path, String at) {
        badValues.add(path);
        places.add(at);
    }

    /** What create and update refuse, and validate does not look at. @param words name the property */
    void rule(String words) {
        refusals.add(words);
    }

    /** A value that breaks a rule which has words of its own. */
    void badValue(String path, String error) {
        badValues.add(path);
        errors.add(error);
    }

    /** A property that must be there; one that is there and wrong is not missing. */
    public void missing(String path) {
        if (places.contains(path)) {
            return;
        }
        missing.add(path);
    }

    /** A known property whose effect comes with a later version. */
    void later(String path) {
        later.add(path);
    }

    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** Something to say about what is taken all the same. */
    void warning(String text) {
        warnings.add("warning: " + text);
    }

    /** Nothing to say about it at all. */
    public boolean isClean() {
        return badProperties.isEmpty() && !isFatal();
    }

    /** Whether each property is one that the brand takes, of its type, and none is missing: validate's question. */
    public boolean isValid() {
        return badBrand.isEmpty() && badProperties.isEmpty() && badValues.isEmpty() && missing.isEmpty();
    }

    private boolean isFatal() {
        return badBrand.isPresent()
                || !badValues.isEmpty()
                || !missing.isEmpty()
                || !later.isEmpty()
                || !refusals.isEmpty();
    }

    /** Why create would refuse it on this host, valid as it is. */
    public List<String> refusals() {
        List<String> all = new ArrayList<>(refusals);
        if (!later.isEmpty()) {
            all.add("Not supported by this version of Zonda: " + String.join(",", later)
                    + " (leave out, or give the default)");
        }
        return all;
    }

    /** Whether {@link #throwIfFatal} throws. */
    public boolean isFatal(boolean strict) {
        return isFatal() || (strict && !badProperties.isEmpty());
    }

    /** The object that {@code vmadm validate} prints. */
    public Json.Obj toJson() {
        if (badBrand.isPresent()) {
            return Json.object().with("bad_brand", badBrand.get());
        }
        return Json.object()
                .with("bad_properties", Json.Arr.ofStrings(badProperties))
                .with("bad_values", Json.Arr.ofStrings(badValues))
                .with("missing_properties", Json.Arr.ofStrings(missing));
    }

    /**
     * @param strict whether unknown names are an error too
     * @throws OpException INVALID naming every property that keeps the payload from being carried out
     */
    public void throwIfFatal(boolean strict) {
        if (badBrand.isPresent()) {
            throw new OpException(Code.INVALID, "Invalid brand: '" + badBrand.get() + "'");
        }
        List<String> problems = new ArrayList<>();
        if (!badValues.isEmpty()) {
            problems.add("Invalid value(s) for: " + String.join(",", badValues)
                    + (places.isEmpty() ? "" : " (" + String.join(",", places) + ")"));
        }
        problems.addAll(errors);
        if (!missing.isEmpty()) {
            problems.add("Missing required properties: " + String.join(",", missing));
        }
        problems.addAll(refusals());
        if (strict && !badProperties.isEmpty()) {
            problems.add("Invalid property names: " + String.join(",", badProperties));
        }
        if (!problems.isEmpty()) {
            throw new OpException(Code.INVALID, String.join("; ", problems));
        }
    }
}
