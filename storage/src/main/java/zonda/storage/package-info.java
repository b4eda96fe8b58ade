/**
 * Pools and the datasets in them, as zpool(8) and zfs(8) have them on SmartOS: {@code zones/<uuid>}, images with their
 * snapshot {@code @final}, clones, quotas, mountpoints below {@code /zones}.
 *
 * <p>{@link zonda.storage.Pools} creates, opens and destroys pools; {@link zonda.storage.Datasets} owns names,
 * properties and mounts of one open pool; a {@code PoolDriver} below it is told ids, and never mounts what others see. On
 * btrfs each dataset and each snapshot is a subvolume, and quotas are simple quotas (Linux 6.7). On OpenZFS they are what
 * the real zfs(8) makes of them, under the names that records say. What a pool is made of, and how it comes and goes, is
 * a {@code PoolMedium}.
 *
 * <p>What is durable and when: each dataset, snapshot and bookmark has a small record file on the pool. A verb writes its
 * intent, changes the kernel's side idempotently, and returns when both are durable; opening a pool after a crash
 * completes or removes what was half done. Subvolumes that no record knows are reported, never removed.
 *
 * <p>Threads: any thread may call any public method; verbs on different datasets run at the same time, and share the
 * filesystem's commits. Calls into the kernel leave virtual threads for platform threads by themselves. Lock order:
 * claims on names ({@code Claims}), then one of the catalog's lock, the record store's and that of the look at other
 * namespaces' mounts, which are never held together nor across a commit.
 *
 * <p>It is not a volume manager for other people's data: it touches subvolumes, mounts, groups and files that its own
 * records name, and nothing else. It does not know zones or images.
 */
@org.jspecify.annotations.NullMarked
package zonda.storage;
