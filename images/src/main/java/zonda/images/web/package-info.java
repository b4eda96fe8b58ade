/**
 * Fetches over HTTP for images: requests that are tried again, redirects that don't carry credentials elsewhere, proxies
 * as the environment names them, and downloads that go on where they were cut off and are checked before use.
 *
 * <p>Threads: all calls block, on the caller's thread, which should be virtual; a download has a second virtual thread
 * that ends it when nothing comes any more. No locks.
 *
 * <p>It knows nothing of registries or IMGAPI.
 */
package zonda.images.web;
