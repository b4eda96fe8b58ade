/**
 * What dtrace prints, to the letter of illumos' dtrace(8): records, formats, aggregations, addresses by name.
 *
 * <p>Threads: one consumes.
 */
@org.jspecify.annotations.NullMarked
package zonda.dtrace.output;
