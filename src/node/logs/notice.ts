/** Lines that the server itself adds to a container's log. */

import { appendFile } from 'node:fs/promises';
import { ignoring } from '../../resources/errors.ts';

/**
 * Adds `[kf] TEXT` to each of the logs, but where there is no folder for one.
 * @param now milliseconds since the epoch
 * @throws what the file system says
 */
export async function appendNotices(paths: readonly string[], text: string, now: number): Promise<void> {
  const time = new Date(now).toISOString().replace('Z', '000000+00:00');
  // Begins a line of its own, even after an entry that a full disk cut off.
  const entry = `\n${time} stderr F [kf] ${text}\n`;
  await Promise.all(paths.map((path) => appendFile(path, entry).catch(ignoring('ENOENT'))));
}
