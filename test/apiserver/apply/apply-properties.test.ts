/** What holds of every sequence of applies and updates. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { difference, isEmpty, union } from '../../../src/apiserver/apply/field-set.ts';
import { compare, fieldsOf } from '../../../src/apiserver/apply/fields-of.ts';
import type { ManagedFields } from '../../../src/apiserver/apply/managers.ts';
import { merge } from '../../../src/apiserver/apply/merge.ts';
import { applied, updated } from '../../../src/apiserver/apply/tracking.ts';
import * as s from '../../../src/resources/schema.ts';

const item = s.object({ name: s.string(), value: s.optional(s.string()) });
const schema = s.object({
  text: s.optional(s.string()),
  map: s.optional(s.map(s.string())),
  struct: s.optional(s.object({ a: s.optional(s.string()), b: s.optional(s.string()) })),
  whole: s.optional(s.atomic(s.object({ a: s.optional(s.string()) }))),
  list: s.optional(s.array(s.string())),
  items: s.optional(s.keyed(['name'], item)),
}).json;

const value = fc.constantFrom('1', '2');
const objects = fc.record(
  {
    text: value,
    map: fc.dictionary(fc.constantFrom('x', 'y'), value),
    struct: fc.record({ a: value, b: value }, { requiredKeys: [] }),
    whole: fc.record({ a: value }, { requiredKeys: [] }),
    list: fc.array(value, { maxLength: 2 }),
    items: fc.uniqueArray(fc.record({ name: fc.constantFrom('i', 'j', 'k'), value }, { requiredKeys: ['name'] }), {
      maxLength: 3,
      selector: ({ name }) => name,
    }),
  },
  { requiredKeys: [] },
);
const writes = fc.array(fc.record({ name: fc.constantFrom('one', 'two'), isApply: fc.boolean(), object: objects }), {
  minLength: 1,
  maxLength: 6,
});

interface State {
  readonly live: unknown;
  readonly managed: readonly ManagedFields[];
}

function apply({ live, managed }: State, name: string, config: object): State {
  const manager = { name, operation: 'Apply', apiVersion: 'v1' } as const;
  const settled = (object: unknown): unknown => object;
  const result = applied({ schema, live, config, managed, manager, time: 't', force: true, settled });
  return { live: result.object, managed: result.managed };
}

function update({ live, managed }: State, name: string, next: object): State {
  const manager = { name, operation: 'Update', apiVersion: 'v1' } as const;
  return { live: next, managed: updated(schema, live, next, managed, manager, 't') };
}

test('what is applied holds, who manages a field has it, and the same once more changes nothing', () => {
  fc.assert(
    fc.property(writes, (all) => {
      let state: State = { live: {}, managed: [] };
      for (const { name, isApply, object } of all) {
        state = isApply ? apply(state, name, object) : update(state, name, object);
        if (isApply) {
          expect(merge(schema, state.live, object)).toEqual(state.live);
          expect(apply(state, name, object)).toEqual(state);
        }
        const { added } = compare(schema, {}, state.live);
        const there = union(added, fieldsOf(schema, state.live));
        for (const { fields } of state.managed) expect(isEmpty(difference(fields, there))).toBe(true);
        expect(update(state, 'nobody', state.live as object)).toEqual(state);
      }
    }),
    { numRuns: 100 },
  );
});
