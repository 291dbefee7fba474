/** Which of an App's finished objects are let go. Pure. */

import type { KubeObject } from '../../resources/meta.ts';

/**
 * The oldest final objects above the limit. Unfinished ones count towards it and stay, as in Kf.
 * @param limit how many are kept
 */
export function expired<T extends KubeObject>(
  objects: readonly T[],
  limit: number,
  isFinal: (object: T) => boolean,
): readonly T[] {
  const newestFirst = [...objects].sort(
    (a, b) =>
      Number(isFinal(a)) - Number(isFinal(b)) ||
      createdAt(b).localeCompare(createdAt(a)) ||
      revisionOf(b) - revisionOf(a),
  );
  return newestFirst.slice(limit).filter(isFinal);
}

const createdAt = (object: KubeObject): string => object.metadata.creationTimestamp ?? '';

/** Objects of one second are told apart by their last write. */
const revisionOf = (object: KubeObject): number => Number(object.metadata.resourceVersion ?? 0);
