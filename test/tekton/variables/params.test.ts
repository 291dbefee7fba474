import { describe, expect, test } from 'vitest';
import type { ParamSpec, ParamValue } from '../../../src/resources/tekton/param.ts';
import {
  indexesOutOfBounds,
  problemOfEnums,
  problemOfParams,
  valuesOfParams,
  variablesOfParams,
} from '../../../src/tekton/variables/params.ts';
import {
  substituteDeep,
  substituteList,
  substituteText,
  substituteValue,
} from '../../../src/tekton/variables/substitution.ts';

const variables = variablesOfParams(
  new Map<string, ParamValue>([
    ['s', 'S'],
    ['dotted.name', 'D'],
    ['list', ['a', 'b c']],
    ['empty', []],
    ['obj', { k: 'v', l: 'w' }],
    ['tricky', '$(params.s) $& $$'],
  ]),
);

test.each([
  ['$(params.s)', 'S'],
  ['x$(params.s)y$(params.s)', 'xSyS'],
  [`$(params["s"])$(params['s'])`, 'SS'],
  ['$(params["dotted.name"])', 'D'],
  ['$(inputs.params.s)', 'S'],
  ['$(params.list[1])', 'b c'],
  ['$(params["list"][0])', 'a'],
  ['$(params.obj.k)', 'v'],
  ['$( params.s )', '$( params.s )'],
  // What a value says is not looked into again, and is no pattern.
  ['$(params.tricky)', '$(params.s) $& $$'],
  // A list is no text.
  ['a $(params.list[*])', 'a $(params.list[*])'],
  ['$(params.list)', '$(params.list)'],
  ['$(params.list[2])', '$(params.list[2])'],
  ['$(unknown) $(HOME) $HOME', '$(unknown) $(HOME) $HOME'],
  ['$(echo $(params.s))', '$(echo S)'],
])('in a text %s is %s', (text, expected) => expect(substituteText(text, variables)).toBe(expected));

test('in a list a list’s variable becomes its elements, an empty one nothing', () => {
  expect(
    substituteList(['x', '$(params.list[*])', '$(params.empty[*])', '$(params.list)', '$(params.s)'], variables),
  ).toEqual(['x', 'a', 'b c', 'a', 'b c', 'S']);
});

test.each<[ParamValue, ParamValue]>([
  ['$(params.list[*])', ['a', 'b c']],
  ['$(params.obj[*])', { k: 'v', l: 'w' }],
  ['$(params.obj)', { k: 'v', l: 'w' }],
  ['-$(params.s)-', '-S-'],
  [
    ['$(params.list[*])', 'z'],
    ['a', 'b c', 'z'],
  ],
  [{ a: '$(params.obj.k)' }, { a: 'v' }],
])('as a value %j is %j', (value, expected) => expect(substituteValue(value, variables)).toEqual(expected));

test('every string of an object, but no name of a field', () =>
  expect(
    substituteDeep({ a: ['$(params.s)'], '$(params.s)': [{ b: 1, c: null, d: '$(params.s)' }] }, variables),
  ).toEqual({
    a: ['S'],
    '$(params.s)': [{ b: 1, c: null, d: 'S' }],
  }));

describe('values', () => {
  const of = (declared: readonly ParamSpec[], given: Record<string, ParamValue>) =>
    Object.fromEntries(
      valuesOfParams(
        declared,
        Object.entries(given).map(([name, value]) => ({ name, value })),
      ),
    );

  test('given ones win over defaults, also undeclared ones count', () =>
    expect(
      of(
        [
          { name: 'a', default: '1' },
          { name: 'b', default: '2' },
        ],
        { b: '3', c: '4' },
      ),
    ).toEqual({
      a: '1',
      b: '3',
      c: '4',
    }));
  test('an object is filled up from its default', () =>
    expect(of([{ name: 'o', default: { a: '1', b: '2' } }], { o: { b: '3', c: '4' } })).toEqual({
      o: { a: '1', b: '3', c: '4' },
    }));
  test('defaults refer to other params, in any order', () =>
    expect(
      of(
        [
          { name: 'c', default: '$(params.b)!' },
          { name: 'b', default: '$(params.a)-$(params["given"])' },
          { name: 'a', default: '1' },
          { name: 'l', type: 'array', default: ['$(params.c)', '$(params.other[*])'] },
          { name: 'other', type: 'array' },
        ],
        { given: '2', other: ['x', 'y'] },
      ),
    ).toEqual({ a: '1', b: '1-2', c: '1-2!', given: '2', l: ['1-2!', 'x', 'y'], other: ['x', 'y'] }));
  test('those that refer to each other in a circle, or only to what is not there, are none', () =>
    expect(
      of(
        [
          { name: 'a', default: '$(params.b)' },
          { name: 'b', default: '$(params.a)' },
          { name: 'c', default: '$(params.nowhere)-c' },
        ],
        {},
      ),
    ).toEqual({}));
  test('what is given is not looked into', () =>
    expect(of([{ name: 'a', default: 'x' }], { a: '$(params.b)', b: 'B' })).toEqual({ a: '$(params.b)', b: 'B' }));
});

describe('problems', () => {
  const declared: readonly ParamSpec[] = [
    { name: 's' },
    { name: 'l', type: 'array' },
    { name: 'o', type: 'object', properties: { a: {}, b: {} }, default: { a: '1' } },
    { name: 'e', default: 'x', enum: ['x', 'y'] },
  ];
  const given = (values: Record<string, ParamValue>) =>
    Object.entries(values).map(([name, value]) => ({ name, value }));
  const whole = { s: 'S', l: ['a'], o: { b: '2' } };

  test.each<[Record<string, ParamValue>, string | undefined]>([
    [whole, undefined],
    [{ l: ['a'] }, 'missing values for these params which have no default values: [s]'],
    [{}, 'missing values for these params which have no default values: [s l]'],
    [{ ...whole, s: ['x'], l: 'y' }, "param types don't match the user-specified type: [s l]"],
    [{ s: 'S', l: [] }, "missing keys for these params which are required in ParamSpec's properties map[o:[b]]"],
  ])('%j', (values, problem) => expect(problemOfParams(declared, given(values))).toBe(problem));

  test('a value that is not among the allowed ones', () =>
    expect(problemOfEnums(declared, given({ e: 'z' }))).toBe('param `e` value: z is not in the enum list'));
  test('an index beyond the end of a list', () => {
    const values = valuesOfParams(declared, given(whole));
    const spec = { args: ['$(params.l[0]) $(params.l[1])', '$(params["l"][7])', '$(params.l[*])'] };
    expect(indexesOutOfBounds(spec, values)).toEqual(['$(params.l[1])', '$(params["l"][7])']);
  });
});
