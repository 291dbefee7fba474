/** Which of an App's finished objects are deleted by its Space's retention. Pure. */

import type { ListedMetadata } from '../../client/client.ts';
import { labels } from '../../resources/labels.ts';

type Dated = Pick<ListedMetadata, 'order' | 'resourceVersion' | 'labels'>;

/**
 * The oldest expendable objects above the limit. Others, like unfinished ones, count towards it and stay, as in Kf.
 * @param limit how many are kept
 * @param perJob how many of the newest of every Job stay in any case; they count, too
 */
export function expired<T extends Dated>(
  objects: readonly T[],
  limit: number,
  isExpendable: (object: T) => boolean,
  perJob = 0,
): readonly T[] {
  if (objects.length <= limit) return [];
  const newestFirst = [...objects].sort((a, b) => b.order - a.order || revisionOf(b) - revisionOf(a));
  const spared = newestOfJobs(newestFirst, perJob);
  const mayGo = (object: T): boolean => isExpendable(object) && !spared.has(object);
  const staying = newestFirst.filter((object) => !mayGo(object)).length;
  return newestFirst.filter(mayGo).slice(Math.max(0, limit - staying));
}

function newestOfJobs<T extends Dated>(newestFirst: readonly T[], perJob: number): ReadonlySet<T> {
  if (perJob === 0) return new Set();
  const counts = new Map<string, number>();
  return new Set(
    newestFirst.filter((object) => {
      const job = object.labels?.[labels.jobOwner];
      if (job === undefined) return false;
      const count = (counts.get(job) ?? 0) + 1;
      counts.set(job, count);
      return count <= perJob;
    }),
  );
}

/** Objects of one second are told apart by their last write. */
const revisionOf = (object: Dated): number => Number(object.resourceVersion);
