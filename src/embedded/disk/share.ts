/** The server's share of the disk: what of the data directory counts, and how much it may be. Pure. */

const gibibyte = 2 ** 30;

/** The smaller of 20 GiB and 20 % of the file system, unless it was set. */
export const shareOf = (configured: number | undefined, totalBytes: number): number =>
  configured ?? Math.min(20 * gibibyte, 0.2 * totalBytes);

/** Volumes and the disks of running Tasks have limits of their own; what was put aside waits for a person. */
const besides: ReadonlySet<string> = new Set(['volumes', 'disks', 'aside', 'run']);

/** Put aside by a restore, or before a migration; or left by a restore that was killed. */
export const isAside = (name: string): boolean => /^(replaced|restoring)-|^store\.db\.schema-\d+$/.test(name);

/** @param name of a file or folder in the data directory, or of a use of the disk */
export const isInShare = (name: string): boolean => !besides.has(name) && !isAside(name);
