/** Which files of the host a log sink may write: whoever may make a sink must not thereby become root. */

import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isWithin, neverAllowed } from '../../resources/host-path.ts';
import { type HostPathRules, weakParent } from '../volumes/host-paths.ts';

/** The place of logs; anything else is for the administrator to allow. */
const always = '/var/log';

/** @throws Error saying why not, and what to do */
export async function checkLogFile(path: string, { allowed, own }: HostPathRules): Promise<void> {
  const folder = dirname(path);
  const refused = neverAllowed(folder, own);
  if (refused !== undefined) throw new Error(`${path} cannot be written: ${refused}`);
  if (![always, ...allowed].some((one) => isWithin(folder, one)))
    throw new Error(
      `${folder} is not allowed, only ${always} is; the administrator allows it by: kf configure-server allow-host-path ${folder}`,
    );
  const real = await realpath(folder).catch(() => undefined);
  if (real === undefined) throw new Error(`${folder} does not exist on this machine`);
  if (real !== folder) throw new Error(`${folder} leads to ${real}: name that one`);
  const weak = await weakParent(folder);
  if (weak !== undefined)
    throw new Error(
      `${folder}: ${weak} must belong to root and be writable by root only, else its owner could put a link to anything in its place`,
    );
}
