/** Chooses how the limits of disks are enforced on this machine. */

import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../resources/errors.ts';
import { type RunCommand, runCommand } from '../host/run-command.ts';
import type { DiskProvider } from './disk.ts';
import { LoopPool } from './loop-pool.ts';
import { PlainDisks } from './plain-disks.ts';

export interface DiskOptions {
  /** Disks are kept in its folder `disks`. */
  readonly dataDir: string;
  /** Disks held ready of each size in use. Default 2. */
  readonly poolSize?: number;
  /** Limits in bytes to hold disks ready for from the start. Default: 1 GiB, the default limit of a task. */
  readonly limits?: readonly number[];
  /** Bytes of the file system that are never promised. Default: 5 % of it, at least 1 GiB. */
  readonly reserveBytes?: number;
  /** One line for the server's log. */
  readonly onWarning?: (text: string) => void;
  readonly run?: RunCommand;
}

/**
 * A pool of loop images; plain folders without enforcement where those cannot be mounted.
 *
 * Project quotas are not used, even where the file system has them: outside of a user namespace the owner of a file
 * may move it into another project (`FS_IOC_FSSETXATTR`), so a task could leave its limit.
 */
export async function createDisks(options: DiskOptions): Promise<DiskProvider> {
  const { dataDir, poolSize = 2, limits = [2 ** 30], reserveBytes, onWarning = () => {}, run = runCommand } = options;
  await mkdir(join(dataDir, 'disks'), { recursive: true, mode: 0o700 });
  // The kernel names mounts and loop devices by their real path.
  const folder = await realpath(join(dataDir, 'disks'));
  const pool = new LoopPool({ folder, poolSize, reserveBytes, onWarning, run });
  try {
    await pool.start(limits);
    return pool;
  } catch (error) {
    await pool.close().catch(() => {});
    onWarning(`disk limits are not enforced: ${errorMessage(error)}`);
    return new PlainDisks({ folder, reserveBytes, run });
  }
}
