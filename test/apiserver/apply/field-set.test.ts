import { describe, expect, it } from 'vitest';
import {
  difference,
  fromFieldsV1,
  intersection,
  isEmpty,
  noFields,
  pathsOf,
  sameFields,
  textOf,
  toFieldsV1,
  union,
} from '../../../src/apiserver/apply/field-set.ts';

const set = (json: object) => {
  const read = fromFieldsV1(json);
  if (read === undefined) throw new Error('no fields');
  return read;
};
const texts = (json: object): readonly string[] => pathsOf(set(json)).map(textOf);

describe('fieldsV1', () => {
  it.each([
    [{ 'f:a': {} }, ['.a']],
    [{ 'f:a': { 'f:b': {} } }, ['.a.b']],
    [{ 'f:a': { '.': {}, 'f:b': {} } }, ['.a', '.a.b']],
    [{ 'f:l': { 'k:{"name":"x"}': { '.': {}, 'f:image': {} } } }, ['.l[name="x"]', '.l[name="x"].image']],
    [{ 'f:l': { 'k:{"containerPort":80,"protocol":"TCP"}': {} } }, ['.l[containerPort=80,protocol="TCP"]']],
    [{ 'f:l': { 'v:"x"': {}, 'v:1': {} } }, ['.l[="x"]', '.l[=1]']],
    [{ 'f:l': { 'i:3': {} } }, ['.l[3]']],
    [{}, []],
  ])('%j', (json, paths) => {
    expect(texts(json)).toEqual(paths);
    expect(toFieldsV1(set(json))).toEqual(json);
  });

  it('keys are the same in whatever order and with whatever spaces', () => {
    const [one, other] = ['k:{"a":1,"b":"x"}', 'k:{ "b": "x", "a": 1 }'].map((key) => set({ [key]: {} }));
    expect(sameFields(one!, other!)).toBe(true);
  });

  it.each([
    [5],
    [[]],
    [null],
    [{ 'x:a': {} }],
    [{ 'k:nothing': {} }],
    [{ 'k:[]': {} }],
    [{ 'i:x': {} }],
    [{ 'f:a': 1 }],
  ])('%j is none', (json) => {
    expect(fromFieldsV1(json)).toBeUndefined();
  });
});

describe('sets', () => {
  const left = set({ 'f:a': {}, 'f:b': { '.': {}, 'f:c': {}, 'f:d': {} } });
  const right = set({ 'f:b': { '.': {}, 'f:c': {}, 'f:e': {} } });

  it('a union has what either has', () => {
    expect(toFieldsV1(union(left, right))).toEqual({
      'f:a': {},
      'f:b': { '.': {}, 'f:c': {}, 'f:d': {}, 'f:e': {} },
    });
  });

  it('a difference goes path by path: what is within something that goes stays', () => {
    expect(toFieldsV1(difference(left, right))).toEqual({ 'f:a': {}, 'f:b': { 'f:d': {} } });
    expect(isEmpty(difference(left, left))).toBe(true);
  });

  it('an intersection has what both have', () => {
    expect(toFieldsV1(intersection(left, right))).toEqual({ 'f:b': { '.': {}, 'f:c': {} } });
    expect(isEmpty(intersection(left, noFields))).toBe(true);
  });
});
