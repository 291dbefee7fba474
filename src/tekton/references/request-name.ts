/** Names of ResolutionRequests, as Tekton makes them: the same question is asked once. Pure. */

import type { Param } from '../../resources/tekton/param.ts';

const offset = 0x6c62272e07bb014262b821756295c58dn;
const prime = 0x0000000001000000000000000000013bn;
const mask = (1n << 128n) - 1n;

/** FNV-1a of 128 bits, in hexadecimal. */
function fnv128a(text: string): string {
  let hash = offset;
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * prime) & mask;
  return hash.toString(16).padStart(32, '0');
}

/**
 * `<resolver>-<hash>`, at most 63 characters.
 * @param asker `<namespace>/<name>` of the run that asks
 */
export function requestName(resolver: string, asker: string, params: readonly Param[], url = ''): string {
  const sorted = [...params].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const values = sorted.map(({ name, value }) => name + (typeof value === 'string' ? value : JSON.stringify(value)));
  const hash = fnv128a(asker + values.join('') + url);
  return `${resolver.slice(0, 63 - hash.length - 1)}-${hash}`;
}
