/** What of the disk the server takes: asked over HTTP, known where the files are. */

export interface DiskUse {
  /** `store`, `logs`, `images`, `sources`, `volumes`, `disks`, `builds`, `aside`, `other`. */
  readonly name: string;
  /** Undefined where counting says nothing. */
  readonly count?: number;
  /** Blocks of the disk that it takes. */
  readonly bytes: number;
  /** Of these, how many a prune removes. */
  readonly unusedCount: number;
  readonly unusedBytes: number;
}

export interface DiskReport {
  readonly dataDir: string;
  /** Bytes of its file system. */
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** What the server keeps to, and what of the uses counts towards it. */
  readonly shareBytes: number;
  readonly keptBytes: number;
  readonly uses: readonly DiskUse[];
}

export interface PruneReport {
  readonly removed: readonly { readonly name: string; readonly count: number; readonly bytes: number }[];
  readonly freedBytes: number;
}

export interface DiskSpace {
  report(): Promise<DiskReport>;
  /** @param aside whether also what restores and upgrades have put aside goes */
  prune(options: { readonly aside: boolean }): Promise<PruneReport>;
}

export const diskPath = '/kf/disk';
