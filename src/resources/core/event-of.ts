/** An Event that tells something of an object. Pure. */

import { createHash } from 'node:crypto';
import type { KubeObject } from '../meta.ts';
import type { Event } from './kinds.ts';

export interface Told {
  readonly type: 'Normal' | 'Warning';
  /** Kubernetes', Tekton's or Kf's word. */
  readonly reason: string;
  readonly message: string;
  /** Tells it from another one of the same object and reason. */
  readonly key: string;
  /** `spec.containers{NAME}`. */
  readonly fieldPath?: string;
}

type EventDraft = Omit<Event, 'apiVersion' | 'kind'>;

const component = 'kf';

/**
 * Its name follows from what has happened, so that it is told once. Cluster-scoped objects have theirs in `default`.
 * @param now milliseconds since the epoch
 */
export function eventOf(object: KubeObject, told: Told, now: number): EventDraft {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid = '', resourceVersion = '' } = metadata;
  const { type, reason, message, key, fieldPath } = told;
  const hash = createHash('sha1')
    .update(`${uid} ${reason} ${fieldPath ?? ''} ${key}`)
    .digest('hex')
    .slice(0, 16);
  const time = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    metadata: { name: `${name.slice(0, 230)}.${hash}`, namespace: namespace ?? 'default' },
    involvedObject: {
      apiVersion,
      kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      ...(fieldPath === undefined ? {} : { fieldPath }),
    },
    type,
    reason,
    message,
    source: { component },
    reportingComponent: component,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
}
