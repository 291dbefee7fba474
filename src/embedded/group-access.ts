/** Lets members of the group `kf` use the server: whoever does is as good as root on this machine. */

import { chmod, chown, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What the command line reads. */
const files = ['server.json', 'kubeconfig', 'boot.json'];

export interface GroupOptions {
  /** Default `kf`. */
  readonly group?: string;
  /** Default /etc/group. */
  readonly groupFile?: string;
}

/** @returns whether there is such a group */
export async function shareWithGroup(
  dataDir: string,
  { group = 'kf', groupFile = '/etc/group' }: GroupOptions = {},
): Promise<boolean> {
  const gid = gidOf(group, await readFile(groupFile, 'utf8').catch(() => ''));
  if (gid === undefined) return false;
  const { uid, mode } = await stat(dataDir);
  // Who has opened the folder to more has decided that himself.
  if ((mode & 0o077) === 0 || (mode & 0o077) === 0o010) {
    await chown(dataDir, uid, gid);
    await chmod(dataDir, 0o710);
  }
  for (const name of files) await share(join(dataDir, name), uid, gid);
  return true;
}

/** Pure. */
export function gidOf(group: string, text: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${group}:`));
  const gid = Number(line?.split(':')[2] ?? Number.NaN);
  return Number.isInteger(gid) ? gid : undefined;
}

async function share(path: string, uid: number, gid: number): Promise<void> {
  try {
    await chown(path, uid, gid);
    await chmod(path, 0o640);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
