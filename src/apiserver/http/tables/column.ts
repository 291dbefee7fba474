/** A column of a server-side table. */

import { humanDuration } from '../../../resources/duration.ts';
import type { KubeObject } from '../../../resources/meta.ts';

export type Cell = string | number | boolean | null;

export interface Column {
  readonly name: string;
  readonly type: string;
  /** `name` marks the column that holds the object's name. */
  readonly format?: string;
  readonly description?: string;
  /** 1: with `-o wide` only. */
  readonly priority: number;
  /** @param now milliseconds since the epoch, for ages */
  readonly cell: (object: KubeObject, now: number) => Cell;
}

/** How long ago an RFC 3339 time was, the way kubectl writes ages; rendered by the server, as Kubernetes does. */
export function age(time: unknown, now: number): string {
  if (typeof time !== 'string' || time === '') return '<unknown>';
  const since = Date.parse(time);
  return Number.isNaN(since) ? '<invalid>' : humanDuration(now - since);
}

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  priority: 0,
  cell: (object) => object.metadata.name,
};

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  priority: 0,
  cell: (object, now) => age(object.metadata.creationTimestamp, now),
};
