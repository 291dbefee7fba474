/** LimitRanges at work, as Kubernetes' admission plugin LimitRanger: what is created gets defaults, or is forbidden. Pure. */

import type { AnyKind } from '../client/client.ts';
import type { LimitRange } from '../resources/core/limit-range.ts';
import { claimLimitErrors, podLimitErrors, withLimitRanges } from '../resources/core/limit-ranges.ts';
import type { Pod } from '../resources/core/pod.ts';
import type { PersistentVolumeClaim } from '../resources/core/volumes.ts';
import type { KubeObject } from '../resources/meta.ts';
import { statusError } from '../resources/status.ts';

/** Whether LimitRanges have anything to say of a kind. */
export const hasLimitRanges = ({ group, kind }: AnyKind): boolean =>
  group === '' && (kind === 'Pod' || kind === 'PersistentVolumeClaim');

/** The new object as it is stored. @throws StatusError Forbidden */
export function underLimitRanges(kind: AnyKind, object: KubeObject, ranges: readonly LimitRange[]): KubeObject {
  if (ranges.length === 0) return object;
  const isPod = kind.kind === 'Pod';
  const completed = isPod ? withLimitRanges(object as Pod, ranges) : object;
  const errors = isPod
    ? podLimitErrors(completed as Pod, ranges)
    : claimLimitErrors((object as PersistentVolumeClaim).spec.resources?.requests?.storage, ranges);
  if (errors.length === 0) return completed;
  const { name } = object.metadata;
  const text = errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`;
  throw statusError('Forbidden', `${kind.plural} "${name}" is forbidden: ${text}`, { name, kind: kind.plural });
}
