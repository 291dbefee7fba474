/** Which directories of the host may become volumes. */

import { lstat, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isWithin, neverAllowed } from '../../resources/host-path.ts';

/** A directory that may not be a volume; the message says why and what to do. */
export class HostPathRefused extends Error {
  override readonly name = 'HostPathRefused';
}

export interface HostPathRules {
  /** What the administrator has allowed. */
  readonly allowed: readonly string[];
  /** The server's own folders. */
  readonly own: readonly string[];
}

/**
 * The real path of a directory that may be mounted now.
 * @throws HostPathRefused
 */
export async function checkHostPath(path: string, { allowed, own }: HostPathRules): Promise<string> {
  const refused = neverAllowed(path, own);
  if (refused !== undefined) throw new HostPathRefused(refused);
  if (!allowed.some((one) => isWithin(path, one)))
    throw new HostPathRefused(
      `${path} is not allowed as a volume; the administrator allows it by: kf configure-server allow-host-path ${path}`,
    );
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) throw new HostPathRefused(`${path} does not exist on this machine`);
  const elsewhere = real === path ? undefined : neverAllowed(real, own);
  if (elsewhere !== undefined || (real !== path && !allowed.some((one) => isWithin(real, one))))
    throw new HostPathRefused(`${path} leads to ${real}, which is not allowed as a volume`);
  if (!(await lstat(real)).isDirectory()) throw new HostPathRefused(`${path} is no directory`);
  const weak = await weakParent(real);
  if (weak !== undefined)
    throw new HostPathRefused(
      `${path}: ${weak} must belong to root and be writable by root only, else its owner could put a link to anything in its place`,
    );
  return real;
}

/** A folder above that somebody other than root could change, so that the path would lead elsewhere. */
export async function weakParent(path: string): Promise<string | undefined> {
  let child = path;
  while (child !== '/') {
    const parent = dirname(child);
    const [above, below] = await Promise.all([lstat(parent), lstat(child)]);
    const sticky = (above.mode & 0o1000) !== 0 && below.uid === 0;
    if (above.uid !== 0 || ((above.mode & 0o022) !== 0 && !sticky)) return parent;
    child = parent;
  }
  return undefined;
}
