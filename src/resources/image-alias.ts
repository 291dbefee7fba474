/** Images by another name. Pure. */

import { type ImageReference, parseImageReference } from './image-reference.ts';

/**
 * The image that is meant by a reference: its name may stand for another one, with the tag or digest that was asked for,
 * or else the other's own. A name given with a tag (`ubuntu:24.04`) or digest stands for that one only, and comes first.
 * @throws RangeError saying what is wrong with the reference
 */
export function resolveAlias(text: string, aliases: Readonly<Record<string, string>>): ImageReference {
  const wanted = parseImageReference(text);
  const known = Object.entries(aliases).map(([name, target]) => ({ name: parseImageReference(name), target }));
  const same = known.filter(({ name }) => name.domain === wanted.domain && name.path === wanted.path);
  const tag = wanted.tag ?? 'latest';
  const exact = same.find(({ name }) =>
    wanted.digest === undefined ? name.digest === undefined && name.tag === tag : name.digest === wanted.digest,
  );
  if (exact !== undefined) return parseImageReference(exact.target);
  const named = same.find(({ name }) => name.tag === undefined && name.digest === undefined);
  if (named === undefined) return wanted;
  const { domain, path, ...own } = parseImageReference(named.target);
  if (wanted.digest !== undefined) return { domain, path, digest: wanted.digest };
  return wanted.tag === undefined ? { domain, path, ...own } : { domain, path, tag: wanted.tag };
}
