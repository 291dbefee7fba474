import { describe, expect, it } from 'vitest';
import { jsonPatch, mergePatch } from '../../src/apiserver/patch.ts';
import { strategicPatch } from '../../src/apiserver/strategic-patch.ts';

describe('merge patch', () => {
  // The table of RFC 7386, appendix A.
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j', (target, patch, result) => {
    expect(mergePatch(Object.freeze(target), patch)).toEqual(result);
  });

  it('takes no other prototype', () => {
    const result = mergePatch({}, JSON.parse('{"__proto__": {"polluted": true}}')) as Record<string, unknown>;
    expect(result.polluted).toBeUndefined();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('JSON patch', () => {
  const object = Object.freeze({ spec: { a: 1, list: ['x', 'y'] }, 'k/e~y': 1 });
  it.each([
    [[{ op: 'replace', path: '/spec/a', value: 2 }], { ...object, spec: { a: 2, list: ['x', 'y'] } }],
    [[{ op: 'replace', path: '/spec/absent', value: 2 }], { ...object, spec: { a: 1, list: ['x', 'y'], absent: 2 } }],
    [[{ op: 'add', path: '/spec/list/-', value: 'z' }], { ...object, spec: { a: 1, list: ['x', 'y', 'z'] } }],
    [[{ op: 'add', path: '/spec/list/1', value: 'z' }], { ...object, spec: { a: 1, list: ['x', 'z', 'y'] } }],
    [[{ op: 'remove', path: '/spec/list/0' }], { ...object, spec: { a: 1, list: ['y'] } }],
    [[{ op: 'remove', path: '/k~1e~0y' }], { spec: object.spec }],
    [[{ op: 'move', from: '/spec/a', path: '/b' }], { 'k/e~y': 1, spec: { list: ['x', 'y'] }, b: 1 }],
    [[{ op: 'copy', from: '/spec/a', path: '/b' }], { ...object, b: 1 }],
    [
      [
        { op: 'test', path: '/spec/a', value: 1 },
        { op: 'replace', path: '', value: {} },
      ],
      {},
    ],
  ])('%j', (patch, result) => {
    expect(jsonPatch(object, patch)).toEqual(result);
  });

  it.each([
    [[{ op: 'remove', path: '/spec/absent' }]],
    [[{ op: 'test', path: '/spec/a', value: 2 }]],
    [[{ op: 'add', path: '/absent/x', value: 2 }]],
    [[{ op: 'replace', path: '/spec/list/7', value: 2 }]],
    [[{ op: 'move', from: '/absent', path: '/b' }]],
  ])('%j does not fit', (patch) => {
    expect(() => jsonPatch(object, patch)).toThrow(expect.objectContaining({ reason: 'Invalid' }));
  });

  it.each([[[1]], [[{ op: 'add' }]], [[{ op: 'add', path: 'spec' }]], [[{ op: 'move', path: '/a' }]]])(
    '%j is none',
    (patch) => {
      expect(() => jsonPatch(object, patch)).toThrow(expect.objectContaining({ reason: 'BadRequest' }));
    },
  );

  it('of too many operations is refused', () => {
    const patch = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/spec/a', value: 1 }));
    expect(() => jsonPatch(object, patch)).toThrow(expect.objectContaining({ reason: 'RequestEntityTooLarge' }));
  });
});

describe('strategic merge patch', () => {
  const pod = Object.freeze({
    metadata: { labels: { a: '1' }, finalizers: ['x/a'] },
    spec: {
      containers: [
        {
          name: 'one',
          image: 'i1',
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
        },
        { name: 'two', image: 'i2', args: ['x'] },
      ],
      volumes: [{ name: 'v', emptyDir: {} }],
    },
  });
  const spec = (patch: object) => (strategicPatch(pod, { spec: patch }) as typeof pod).spec;

  it('merges lists of named things by name', () => {
    expect(
      spec({
        containers: [
          {
            name: 'one',
            env: [
              { name: 'B', value: '3' },
              { name: 'C', value: '4' },
            ],
          },
        ],
      }).containers,
    ).toEqual([
      {
        name: 'one',
        image: 'i1',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '3' },
          { name: 'C', value: '4' },
        ],
      },
      { name: 'two', image: 'i2', args: ['x'] },
    ]);
    expect(spec({ containers: [{ name: 'three' }] }).containers).toHaveLength(3);
  });

  it('replaces other lists', () => {
    expect(spec({ containers: [{ name: 'two', args: ['y', 'z'] }] }).containers[1]?.args).toEqual(['y', 'z']);
  });

  it('obeys directives', () => {
    expect(spec({ containers: [{ name: 'one', $patch: 'delete' }] }).containers.map(({ name }) => name)).toEqual([
      'two',
    ]);
    expect(spec({ containers: [{ $patch: 'replace' }, { name: 'three' }] }).containers).toEqual([{ name: 'three' }]);
    expect(
      spec({ volumes: [{ name: 'v', $retainKeys: ['name', 'secret'], secret: { secretName: 's' } }] }).volumes,
    ).toEqual([{ name: 'v', secret: { secretName: 's' } }]);
    expect(
      spec({ '$setElementOrder/containers': [{ name: 'two' }, { name: 'one' }] }).containers.map(({ name }) => name),
    ).toEqual(['two', 'one']);
    expect(strategicPatch(pod, { metadata: { labels: { $patch: 'replace', b: '2' } } })).toMatchObject({
      metadata: { labels: { b: '2' } },
    });
    expect(
      strategicPatch(pod, { metadata: { '$deleteFromPrimitiveList/finalizers': ['x/a'], labels: null } }),
    ).toMatchObject({ metadata: { finalizers: [] } });
    expect(strategicPatch(pod, { metadata: { finalizers: ['x/b'] } })).toMatchObject({
      metadata: { finalizers: ['x/a', 'x/b'] },
    });
  });

  it('refuses items without their key, and directives that make no sense', () => {
    expect(() => spec({ containers: [{ image: 'x' }] })).toThrow(/does not contain declared merge key: name/);
    expect(() => spec({ $patch: 'explode' })).toThrow(/unknown patch directive/);
  });
});
