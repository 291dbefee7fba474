/** Which of an App's finished objects are let go. Pure. */

import { labels } from '../../resources/labels.ts';
import type { KubeObject } from '../../resources/meta.ts';

/**
 * The oldest expendable objects above the limit. Others, like unfinished ones, count towards it and stay, as in Kf.
 * @param limit how many are kept
 * @param perJob how many of the newest of every Job stay in any case; they count, too
 */
export function expired<T extends KubeObject>(
  objects: readonly T[],
  limit: number,
  isExpendable: (object: T) => boolean,
  perJob = 0,
): readonly T[] {
  const newestFirst = [...objects].sort(
    (a, b) => createdAt(b).localeCompare(createdAt(a)) || revisionOf(b) - revisionOf(a),
  );
  const spared = newestOfJobs(newestFirst, perJob);
  const mayGo = (object: T): boolean => isExpendable(object) && !spared.has(object);
  const staying = newestFirst.filter((object) => !mayGo(object)).length;
  return newestFirst.filter(mayGo).slice(Math.max(0, limit - staying));
}

function newestOfJobs<T extends KubeObject>(newestFirst: readonly T[], perJob: number): ReadonlySet<T> {
  const counts = new Map<string, number>();
  return new Set(
    newestFirst.filter(({ metadata }) => {
      const job = metadata.labels?.[labels.jobOwner];
      if (job === undefined) return false;
      const count = (counts.get(job) ?? 0) + 1;
      counts.set(job, count);
      return count <= perJob;
    }),
  );
}

const createdAt = (object: KubeObject): string => object.metadata.creationTimestamp ?? '';

/** Objects of one second are told apart by their last write. */
const revisionOf = (object: KubeObject): number => Number(object.metadata.resourceVersion ?? 0);
