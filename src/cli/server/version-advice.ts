/** What to type when the command line and the server are of different versions. Pure. */

import { asRoot } from './as-root.ts';

/**
 * One line; undefined when nothing is to be done.
 * @param server empty when it is not known
 * @param home its data directory
 */
export function versionAdvice(client: string, server: string, home: string): string | undefined {
  if (server === '' || server === client) return undefined;
  const apart = areNeighbours(client, server) ? '' : ' They may not understand each other.';
  return isNewer(server, client)
    ? `WARNING: this is kf ${client}, the server is kf ${server}: install kf ${server} here, too.${apart}`
    : `WARNING: this is kf ${client}, the server is still kf ${server}. To have it run this version: ${asRoot('server restart', home)}.${apart}`;
}

const numbersOf = (version: string): readonly number[] =>
  (version.split(/[-+]/)[0] ?? '').split('.').map((part) => Number(part) || 0);

/** Whether two versions have the same minor number, or adjacent ones. */
function areNeighbours(a: string, b: string): boolean {
  const [majorA, minorA = 0] = numbersOf(a);
  const [majorB, minorB = 0] = numbersOf(b);
  return majorA === majorB && Math.abs(minorA - minorB) <= 1;
}

function isNewer(a: string, b: string): boolean {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  // 1.0.0-beta comes before 1.0.0.
  return !a.includes('-') && b.includes('-');
}
