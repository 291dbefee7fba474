/** What a delete request does to an object: take it away, or mark it and let it wait. Pure. */

import type { DeleteOptions } from '../client/client.ts';
import { rfc3339 } from '../client/clock.ts';
import type { Pod } from '../resources/core/pod.ts';
import type { KubeObject, ObjectMeta } from '../resources/meta.ts';
import { contentFinalizers } from './strategies.ts';

export const orphanFinalizer = 'orphan';
export const foregroundFinalizer = 'foregroundDeletion';

/** Seconds between SIGTERM and SIGKILL where a Pod says nothing. */
const defaultGrace = 10;

export type Deletion =
  | { readonly type: 'remove' }
  | { readonly type: 'mark'; readonly object: KubeObject }
  /** It is on its way already, and this request changes nothing. */
  | { readonly type: 'none' };

/** @param now wall time in milliseconds */
export function planDeletion(
  kind: { readonly group: string; readonly kind: string },
  stored: KubeObject,
  options: DeleteOptions,
  now: number,
): Deletion {
  const { metadata } = stored;
  const finalizers = finalizersFor(metadata.finalizers ?? [], options.propagationPolicy);
  const isPod = kind.group === '' && kind.kind === 'Pod';
  const grace = isPod ? podGrace(stored as Pod, options.gracePeriodSeconds) : 0;
  if (finalizers.length === 0 && grace === 0 && contentFinalizers(stored).length === 0) return { type: 'remove' };
  const marked = mark(metadata, finalizers, grace, now);
  if (marked === undefined) return { type: 'none' };
  const object = { ...stored, metadata: marked };
  if (kind.group !== '' || kind.kind !== 'Namespace') return { type: 'mark', object };
  return { type: 'mark', object: { ...object, status: { phase: 'Terminating' } } as KubeObject };
}

function finalizersFor(stored: readonly string[], policy: DeleteOptions['propagationPolicy']): readonly string[] {
  if (policy === undefined) return stored;
  const others = stored.filter((finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer);
  if (policy === 'Background') return others;
  return [...others, policy === 'Orphan' ? orphanFinalizer : foregroundFinalizer];
}

/** Seconds that a Pod gets: none when nobody runs it, never more than it was given before. */
function podGrace(pod: Pod, asked: number | undefined): number {
  const phase = pod.status?.phase;
  if (pod.spec.nodeName === undefined || pod.spec.nodeName === '' || phase === 'Succeeded' || phase === 'Failed')
    return 0;
  const seconds = Math.max(0, asked ?? pod.spec.terminationGracePeriodSeconds ?? defaultGrace);
  return Math.min(seconds, pod.metadata.deletionGracePeriodSeconds ?? seconds);
}

/** The metadata of an object that is being deleted, or undefined when it says so already. */
function mark(metadata: ObjectMeta, finalizers: readonly string[], grace: number, now: number): ObjectMeta | undefined {
  const { finalizers: _old, ...rest } = metadata;
  const kept = finalizers.length === 0 ? {} : { finalizers };
  const marked = {
    ...rest,
    ...kept,
    deletionTimestamp: rfc3339(now + grace * 1000),
    deletionGracePeriodSeconds: grace,
  };
  if (metadata.deletionTimestamp === undefined)
    return { ...marked, ...(metadata.generation === undefined ? {} : { generation: metadata.generation + 1 }) };
  const sameGrace = grace === (metadata.deletionGracePeriodSeconds ?? 0);
  if (sameGrace && finalizers.join() === (metadata.finalizers ?? []).join()) return undefined;
  return sameGrace ? { ...marked, deletionTimestamp: metadata.deletionTimestamp } : marked;
}
