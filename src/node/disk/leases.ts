/** Who holds which disk, kept beside the disks, so that a restarted server gives each Pod its own. */

import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Lease {
  /** `<disk>.<lease>`: a reused disk never bears an id twice. */
  readonly id: string;
  readonly limitBytes: number;
}

export const diskNameOf = (id: string): string => id.split('.')[0] ?? '';

/** What follows the name in the files that belong to a disk. */
const suffix = '.lease';

/** The disk that an entry of the folder belongs to. */
export const diskOfEntry = (entry: string): string => diskNameOf(entry);

export function writeLease(folder: string, name: string, limitBytes: number): Lease {
  const lease = { id: `${name}.${randomBytes(6).toString('hex')}`, limitBytes };
  // It need not survive the machine: then the task that holds it has not, either.
  writeFileSync(join(folder, name + suffix), JSON.stringify(lease), { mode: 0o600 });
  return lease;
}

/** Undefined when the disk has another holder, or none. */
export async function readLease(folder: string, id: string): Promise<Lease | undefined> {
  if (!/^[a-z0-9-]+\.[0-9a-f]+$/.test(id)) return undefined;
  const text = await readFile(join(folder, diskNameOf(id) + suffix), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const lease = JSON.parse(text) as Lease;
    return lease.id === id ? lease : undefined;
  } catch {
    // A crash may have cut it short.
    return undefined;
  }
}

export const removeLease = (folder: string, name: string): void => rmSync(join(folder, name + suffix), { force: true });
