/** What the node agent needs of disks: one writable, limited folder per Pod. */

export interface PodDisk {
  /** Names the disk in the Pod's state file. */
  readonly id: string;
  /** An empty folder, mode 0755 root; everything that the Pod writes goes below it. */
  readonly path: string;
  readonly limitBytes: number;
  /** `totalBytes` is what can be written in all; for disks without enforcement it is the limit. */
  usage(): Promise<{ readonly usedBytes: number; readonly totalBytes: number }>;
  /** Wipes or removes it, off the hot path. */
  release(): Promise<void>;
}

export interface DiskProvider {
  /** `project-quota`, `loop-pool` or `not-enforced`; shown by doctor. */
  readonly kind: string;
  /**
   * @throws DiskReserveError when the limit does not fit into the free space
   * @throws DiskTooSmallError when it never will
   */
  acquire(limitBytes: number): Promise<PodDisk>;
  /**
   * Reserves so many bytes until the returned function is called; for what is no disk of a Pod.
   * @throws DiskReserveError, DiskTooSmallError
   */
  reserve(bytes: number): Promise<() => void>;
  /** The disk of a Pod that was started before this server; undefined when it is gone. */
  adopt(id: string): Promise<PodDisk | undefined>;
  /** Removes every disk of this data directory, loop devices and mounts included, except `inUse` and the pool. */
  sweep(inUse: ReadonlySet<string>): Promise<void>;
  /** Removes the pool; disks in use stay. */
  close(): Promise<void>;
}

/** The machine's disk is too full to promise that many bytes; the Pod waits with this reason. */
export class DiskReserveError extends Error {
  override readonly name = 'DiskReserveError';
}

/** The machine's whole disk is smaller than that; the Pod is refused with this reason. */
export class DiskTooSmallError extends Error {
  override readonly name = 'DiskTooSmallError';
}
