import { describe, expect, it } from 'vitest';
import { pathsOf, textOf, toFieldsV1 } from '../../../src/apiserver/apply/field-set.ts';
import { compare, fieldsOf } from '../../../src/apiserver/apply/fields-of.ts';
import type { ManagedFields, Manager } from '../../../src/apiserver/apply/managers.ts';
import { merge } from '../../../src/apiserver/apply/merge.ts';
import { type Applied, applied, updated } from '../../../src/apiserver/apply/tracking.ts';
import * as s from '../../../src/resources/schema.ts';

const item = s.object({ name: s.string(), value: s.optional(s.string()), more: s.optional(s.string()) });
const port = s.object({ number: s.integer(), protocol: s.withDefault(s.string(), 'TCP') });
const schema = s.object({
  text: s.optional(s.string()),
  map: s.optional(s.map(s.string())),
  struct: s.optional(s.object({ a: s.optional(s.string()), b: s.optional(s.string()) })),
  whole: s.optional(s.atomic(s.object({ a: s.optional(s.string()), b: s.optional(s.string()) }))),
  list: s.optional(s.array(item)),
  items: s.optional(s.keyed(['name'], item)),
  ports: s.optional(s.keyed(['number', 'protocol'], port)),
  any: s.optional(s.anyObject()),
}).json;
const withSet = {
  ...schema,
  properties: {
    ...schema.properties,
    set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
  },
} as const;

const paths = (set: Parameters<typeof pathsOf>[0]): readonly string[] => pathsOf(set).map(textOf);
const named = (name: string, value?: string): object => (value === undefined ? { name } : { name, value });

describe('what an applied object sets', () => {
  it.each<readonly [string, object, readonly string[]]>([
    ['values', { text: 'x' }, ['.text']],
    ['members of a map', { map: { k: 'v' } }, ['.map.k']],
    ['an empty map', { map: {} }, ['.map']],
    ['fields, and not what they are in', { struct: { a: '1' } }, ['.struct.a']],
    ['an atomic object as a whole', { whole: { a: '1' } }, ['.whole']],
    ['an atomic list as a whole', { list: [named('x')] }, ['.list']],
    ['items, and what is in them', { items: [named('x')] }, ['.items[name="x"]', '.items[name="x"].name']],
    [
      'keys by their defaults',
      { ports: [{ number: 1 }] },
      ['.ports[number=1,protocol="TCP"]', '.ports[number=1,protocol="TCP"].number'],
    ],
    ['values of a set', { set: ['x', 'y'] }, ['.set[="x"]', '.set[="y"]']],
    ['what nothing is declared of', { any: { a: { b: [1] } } }, ['.any.a', '.any.a.b']],
    ['no item of an empty list', { items: [] }, []],
  ])('%s', (_, object, fields) => {
    expect(paths(fieldsOf(withSet, object))).toEqual(fields);
  });
});

describe('how two states differ', () => {
  it.each<readonly [string, object, object, object]>([
    ['not at all', { text: 'x', items: [named('a')] }, { items: [named('a')], text: 'x' }, {}],
    ['a value', { text: 'x' }, { text: 'y' }, { modified: ['.text'] }],
    ['what comes as a whole', {}, { struct: { a: '1' } }, { added: ['.struct', '.struct.a'] }],
    ['what goes as a whole', { map: { k: 'v' } }, {}, { removed: ['.map', '.map.k'] }],
    [
      'an item',
      { items: [named('a'), named('b')] },
      { items: [named('b', '1')] },
      {
        added: ['.items[name="b"].value'],
        removed: ['.items[name="a"]', '.items[name="a"].name'],
      },
    ],
    ['not by the order of items', { items: [named('a'), named('b')] }, { items: [named('b'), named('a')] }, {}],
    ['an atomic list', { list: [named('a')] }, { list: [named('b')] }, { modified: ['.list'] }],
    [
      'what was an object and is none',
      { any: { a: { b: 1 } } },
      { any: { a: 'x' } },
      { modified: ['.any.a'], removed: ['.any.a.b'] },
    ],
    [
      'items that are there twice',
      { items: [named('a', '1'), named('a', '2')] },
      { items: [named('a', '1')] },
      {
        modified: ['.items[name="a"]'],
      },
    ],
  ])('%s', (_, before, after, expected) => {
    const { added, modified, removed } = compare(withSet, before, after);
    expect({ added: paths(added), modified: paths(modified), removed: paths(removed) }).toEqual({
      added: [],
      modified: [],
      removed: [],
      ...expected,
    });
  });
});

describe('merging lists', () => {
  const names = (text: string): readonly object[] => [...text].map((name) => ({ name }));
  it.each([
    ['abc', 'b', 'abc'],
    ['abc', 'cb', 'acb'],
    ['abc', 'bx', 'abcx'],
    ['abc', 'xb', 'axbc'],
    ['ab', 'xy', 'abxy'],
    ['', 'xy', 'xy'],
    ['abcd', 'dxa', 'bcdxa'],
  ])('%s with %s is %s', (live, config, result) => {
    expect(merge(schema, { items: names(live) }, { items: names(config) })).toEqual({ items: names(result) });
  });

  it('merges items by their keys, and keeps what is not applied', () => {
    const live = { items: [{ name: 'a', value: '1', more: 'x' }], map: { k: 'v' } };
    expect(merge(schema, live, { items: [named('a', '2')], map: { l: 'w' } })).toEqual({
      items: [{ name: 'a', value: '2', more: 'x' }],
      map: { k: 'v', l: 'w' },
    });
  });

  it('adds to sets', () => {
    expect(merge(withSet, { set: ['a', 'b'] }, { set: ['c', 'b'] })).toEqual({ set: ['a', 'c', 'b'] });
  });
});

describe('applying', () => {
  const by = (name: string, operation: Manager['operation'] = 'Apply'): Manager => ({
    name,
    operation,
    apiVersion: 'v1',
  });
  let live: object = {};
  let settled = (object: unknown): unknown => object;
  let managed: readonly ManagedFields[] = [];
  const start = (): void => {
    live = {};
    managed = [];
    settled = (object) => object;
  };
  const apply = (name: string, config: object, force = false): Applied => {
    const result = applied({ schema: withSet, live, config, managed, manager: by(name), time: 't', force, settled });
    live = settled(result.object) as object;
    managed = result.managed;
    return result;
  };
  const update = (name: string, next: object): void => {
    managed = updated(withSet, live, next, managed, by(name, 'Update'), 't');
    live = next;
  };
  const owned = (): object => Object.fromEntries(managed.map(({ name, fields }) => [name, paths(fields)]));

  it('takes away what the only one who applied it leaves out', () => {
    start();
    apply('one', { text: 'x', map: { a: '1', b: '2' }, items: [named('i'), named('j')], set: ['v'] });
    apply('one', { map: { b: '2' }, items: [named('j')] });
    expect(live).toEqual({ map: { b: '2' }, items: [named('j')] });
  });

  it('keeps what another one applies too', () => {
    start();
    apply('one', { map: { a: '1', b: '2' } });
    apply('two', { map: { a: '1' } });
    expect(owned()).toEqual({ one: ['.map.a', '.map.b'], two: ['.map.a'] });
    apply('one', { text: 'x' });
    expect(live).toEqual({ text: 'x', map: { a: '1' } });
    expect(owned()).toEqual({ one: ['.text'], two: ['.map.a'] });
  });

  it('keeps what nobody has applied: it was somebody else’s', () => {
    start();
    apply('one', { items: [named('i', '1')] });
    update('other', { items: [{ name: 'i', value: '1', more: 'm' }], text: 'x' });
    expect(owned()).toEqual({
      one: ['.items[name="i"]', '.items[name="i"].name', '.items[name="i"].value'],
      other: ['.items[name="i"].more', '.text'],
    });
    apply('one', { items: [named('i')] });
    expect(live).toEqual({ items: [{ name: 'i', more: 'm' }], text: 'x' });
  });

  it('a part that has a manager keeps what it is in', () => {
    start();
    apply('one', { struct: { a: '1' }, items: [named('i', '1')] });
    update('other', { struct: { a: '1', b: '2' }, items: [named('i', '1')] });
    apply('one', {});
    expect(live).toEqual({ struct: { b: '2' } });
  });

  it('an object that is applied empty stays', () => {
    start();
    apply('one', { struct: { a: '1' } });
    apply('one', { struct: {} });
    expect(live).toEqual({ struct: {} });
    apply('one', {});
    expect(live).toEqual({});
  });

  it('is refused where another one manages what would change, and changes nothing', () => {
    start();
    apply('one', { text: 'x', map: { a: '1' } });
    expect(() => apply('two', { text: 'y', map: { b: '1' } })).toThrow(
      'Apply failed with 1 conflict: conflict with "one": .text',
    );
    expect(() => apply('two', { text: 'y', map: { a: '2' } })).toThrow(
      'Apply failed with 2 conflicts: conflicts with "one":\n- .map.a\n- .text',
    );
    expect(live).toEqual({ text: 'x', map: { a: '1' } });
  });

  it('names who updates by his version', () => {
    start();
    apply('one', { text: 'x' });
    update('other', { text: 'y' });
    expect(owned()).toEqual({ other: ['.text'] });
    expect(() => apply('one', { text: 'x' })).toThrow('conflict with "other" using v1: .text');
  });

  it('takes by force, from one and from all', () => {
    start();
    apply('one', { text: 'x', list: [named('a')] });
    apply('two', { text: 'x' });
    apply('three', { text: 'y' }, true);
    expect(live).toEqual({ text: 'y', list: [named('a')] });
    expect(owned()).toEqual({ one: ['.list'], three: ['.text'] });
  });

  it('is no conflict where defaults make it what it was', () => {
    start();
    apply('one', { list: [named('a')], text: 'x' });
    settled = (object) => ({ ...(object as object), list: [named('a', 'default')] });
    live = settled(live) as object;
    apply('two', { list: [named('a')] });
    expect(owned()).toEqual({ one: ['.list', '.text'], two: ['.list'] });
    settled = () => {
      throw new Error('it cannot be stored');
    };
    expect(() => apply('three', { list: [named('a')] })).toThrow('.list');
  });

  it('nobody manages what an update took away', () => {
    start();
    apply('one', { text: 'x', map: { a: '1' } });
    update('other', { text: 'x' });
    expect(owned()).toEqual({ one: ['.text'] });
    apply('two', { map: { a: '2' } });
    expect(live).toEqual({ text: 'x', map: { a: '2' } });
  });

  it('an update that changes nothing makes nobody a manager', () => {
    start();
    apply('one', { text: 'x' });
    update('other', { text: 'x' });
    expect(owned()).toEqual({ one: ['.text'] });
  });

  it('puts the oldest of many who updated together', () => {
    start();
    apply('one', { text: 'x' });
    const map: Record<string, string> = {};
    for (let count = 0; count < 13; count++) {
      map[`k${count}`] = 'v';
      managed = updated(
        withSet,
        live,
        { ...live, map: { ...map } },
        managed,
        by(`m${count}`, 'Update'),
        `t${10 + count}`,
      );
      live = { ...live, map: { ...map } };
    }
    const updaters = managed.filter(({ operation }) => operation === 'Update');
    expect(updaters).toHaveLength(10);
    const ancient = updaters.find(({ name }) => name === 'ancient-changes');
    expect(toFieldsV1(ancient!.fields)).toEqual({
      'f:map': { '.': {}, 'f:k0': {}, 'f:k1': {}, 'f:k2': {}, 'f:k3': {} },
    });
  });
});
