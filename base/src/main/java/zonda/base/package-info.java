/**
 * The ground floor: what every other module speaks in.
 *
 * <p>JSON trees, errors that carry an exit code, files that are either old or new and never half, the journal with its
 * sagas, lanes, option parsing and tables in the manner of illumos' tools. Nothing here knows a zone or a kernel call.
 *
 * <p>Threads: none of its own, except one per {@link zonda.base.Lane}. Everything else is immutable or confined to its
 * caller unless its own comment says so.
 */
package zonda.base;
