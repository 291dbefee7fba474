/** How an instance (one server and its data directory) marks what it makes on the machine, so that a sweep finds it. */

import { createHash } from 'node:crypto';

const shortest = /^[a-z0-9]{1,6}$/;

/**
 * `kf-<instance>`, at most 9 characters: what interfaces, cgroups and firewall chains begin with. An instance name
 * that is not 1 to 6 lower-case letters and digits is replaced by 6 hexadecimal digits of its hash.
 */
export function instancePrefix(instance: string): string {
  const short = shortest.test(instance) ? instance : createHash('sha256').update(instance).digest('hex').slice(0, 6);
  return `kf-${short}`;
}
