/** What the node agent needs of disks: one writable, limited folder per Pod. */

export interface PodDisk {
  /** Names the disk in the Pod's state file. */
  readonly id: string;
  /** An empty folder, mode 0755 root; everything that the Pod writes goes below it. */
  readonly path: string;
  readonly limitBytes: number;
  usage(): Promise<{ readonly usedBytes: number; readonly totalBytes: number }>;
  /** Wipes or removes it, off the hot path. */
  release(): Promise<void>;
}

export interface DiskProvider {
  /** `project-quota`, `loop-pool` or `not-enforced`; shown by doctor. */
  readonly kind: string;
  /** @throws DiskReserveError when the limit does not fit into the free space */
  acquire(limitBytes: number): Promise<PodDisk>;
  adopt(id: string): Promise<PodDisk | undefined>;
  sweep(inUse: ReadonlySet<string>): Promise<void>;
  close(): Promise<void>;
}

/** The machine's disk is too full to promise that many bytes; the Pod waits with this reason. */
export class DiskReserveError extends Error {
  override readonly name = 'DiskReserveError';
}
