/** core/v1 LimitRange: what containers, Pods and claims of a namespace get where they say nothing, and what they may say. */

import { type FieldError, invalid } from '../field-error.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import { parseQuantity } from '../quantity.ts';
import * as s from '../schema.ts';

const quantities = s.optional(s.map(s.quantity()));

const item = s.object({
  type: s.describe('Container, Pod or PersistentVolumeClaim.', s.string()),
  max: s.describe('The most that a limit may be.', quantities),
  min: s.describe('The least that a request may be.', quantities),
  default: s.describe('Limits of containers that have none; absent: max.', quantities),
  defaultRequest: s.describe('Requests of containers that have none; absent: default, else min.', quantities),
  maxLimitRequestRatio: s.describe('How many times the request a limit may be.', quantities),
});
export type LimitRangeItem = s.Infer<typeof item>;

const limitRangeBody = { spec: s.object({ limits: s.array(item) }) };
export type LimitRange = Resource<typeof limitRangeBody>;

export const LimitRange: Kind<LimitRange> = defineKind({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  shortNames: ['limits'],
  columns: [{ name: 'Created At', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
  body: limitRangeBody,
  default: (range) => ({ ...range, spec: { ...range.spec, limits: (range.spec?.limits ?? []).map(completed) } }),
  validate: ({ spec }) => spec.limits.flatMap((one, index) => itemErrors(`spec.limits[${index}]`, one)),
});

function completed(one: LimitRangeItem): LimitRangeItem {
  if (one.type !== 'Container') return one;
  const standard = { ...one.max, ...one.default };
  const request = { ...one.min, ...standard, ...one.defaultRequest };
  return {
    ...one,
    ...(Object.keys(standard).length === 0 ? {} : { default: standard }),
    ...(Object.keys(request).length === 0 ? {} : { defaultRequest: request }),
  };
}

/** Each amount in its order: none above one that comes after it. */
const ascending = ['min', 'defaultRequest', 'default', 'max'] as const;

function itemErrors(field: string, one: LimitRangeItem): readonly FieldError[] {
  return ascending.flatMap((lower, index) =>
    ascending.slice(index + 1).flatMap((upper) =>
      Object.entries(one[lower] ?? {}).flatMap(([resource, low]) => {
        const high = one[upper]?.[resource];
        if (high === undefined || (parseQuantity(low) ?? 0) <= (parseQuantity(high) ?? 0)) return [];
        const detail = `${lower} value ${low} is greater than ${upper} value ${high}`;
        return [invalid(`${field}.${lower}[${resource}]`, low, detail)];
      }),
    ),
  );
}
