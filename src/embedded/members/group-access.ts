/** Lets members of the group `kf` reach the server's files: whoever does is as good as root on this machine. */

import { chmod, chown, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../resources/errors.ts';
import { membersOf } from './members.ts';

/** What the command line reads. The kubeconfig is root's; members have their own. */
const files = ['server.json', 'boot.json'];
/** To what it connects, in the data directory. */
export const apiSocket = 'api.sock';

export interface GroupOptions {
  /** Default `kf`. */
  readonly group?: string;
  /** Default /etc/group. */
  readonly groupFile?: string;
}

/** @returns the group's number; undefined when there is no such group */
export async function shareWithGroup(
  dataDir: string,
  { group, groupFile = '/etc/group' }: GroupOptions = {},
): Promise<number | undefined> {
  const { gid } = membersOf(await readFile(groupFile, 'utf8').catch(() => ''), '', group);
  if (gid === undefined) return undefined;
  const { uid, mode } = await stat(dataDir);
  // Who has opened the folder to more has decided that himself.
  if ((mode & 0o077) === 0 || (mode & 0o077) === 0o010) {
    await chown(dataDir, uid, gid);
    await chmod(dataDir, 0o710);
  }
  for (const name of files) await share(join(dataDir, name), uid, gid, 0o640);
  await share(join(dataDir, apiSocket), uid, gid, 0o660);
  return gid;
}

/** Writes a file that the group may read, in one step. @param gid undefined: for root alone */
export async function writeForGroup(path: string, text: string, gid: number | undefined): Promise<void> {
  const part = `${path}.tmp`;
  await rm(part, { force: true });
  await writeFile(part, text, { mode: gid === undefined ? 0o600 : 0o640 });
  if (gid !== undefined) await chown(part, 0, gid);
  await rename(part, path);
}

async function share(path: string, uid: number, gid: number, mode: number): Promise<void> {
  try {
    await chown(path, uid, gid);
    await chmod(path, mode);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
