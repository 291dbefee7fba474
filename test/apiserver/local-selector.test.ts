import { describe, expect, it } from 'vitest';
import { isLabelValue, isQualifiedName, parseFieldSelector, parseLabelSelector } from '../../src/resources/selector.ts';

describe('label selectors', () => {
  const labels = { app: 'x', tier: 'web', 'kf.dev/n': '1', empty: '' };
  it.each([
    ['', true],
    ['app=x', true],
    ['app==x', true],
    [' app = x , tier = web ', true],
    ['app=y', false],
    ['app!=y', true],
    ['app!=x', false],
    ['other!=x', true],
    ['app', true],
    ['other', false],
    ['!other', true],
    ['! app', false],
    ['app in (x,y)', true],
    ['app in (y, z)', false],
    ['other in (x)', false],
    ['app notin (y)', true],
    ['app notin (x)', false],
    ['other notin (x)', true],
    ['app in (x,y),tier notin (db),!other,kf.dev/n=1', true],
    ['empty=', true],
    ['app=', false],
    ['empty in (a,)', true],
    ['kf.dev/n>0,kf.dev/n < 2', true],
    ['kf.dev/n>1', false],
    ['app<2', false],
  ])('%j selects: %s', (selector, wanted) => {
    expect(parseLabelSelector(selector)(labels)).toBe(wanted);
  });

  it.each(['=x', 'a in (', 'a in x', 'a=b=c', 'a b', '-a=x', 'a=-x', 'a in (b', 'x/y/z', 'a,,b', 'a>b'])(
    '%j is none',
    (selector) => {
      expect(() => parseLabelSelector(selector)).toThrow(/unable to parse requirement/);
    },
  );
});

describe('field selectors', () => {
  it.each([
    ['', []],
    ['metadata.name=a', [{ field: 'metadata.name', equal: true, value: 'a' }]],
    [
      'status.phase!=Running,spec.nodeName==n',
      [
        { field: 'status.phase', equal: false, value: 'Running' },
        { field: 'spec.nodeName', equal: true, value: 'n' },
      ],
    ],
    ['reason=', [{ field: 'reason', equal: true, value: '' }]],
    [String.raw`a=b\,c\=d\\e`, [{ field: 'a', equal: true, value: String.raw`b,c=d\e` }]],
  ])('%j', (selector, wanted) => {
    expect(parseFieldSelector(selector)).toEqual(wanted);
  });

  it('needs a comparison', () => {
    expect(() => parseFieldSelector('metadata.name')).toThrow(/invalid selector/);
  });
});

it.each([
  ['a', true],
  ['app.kubernetes.io/name', true],
  ['A_b.c-1', true],
  ['a/b/c', false],
  ['Upper.example/x', false],
  ['', false],
  ['x/', false],
  ['a'.repeat(64), false],
])('%j is a qualified name: %s', (name, wanted) => expect(isQualifiedName(name)).toBe(wanted));

it.each([
  ['', true],
  ['a.b', true],
  ['-a', false],
  ['a b', false],
  ['a'.repeat(64), false],
])('%j is a label value: %s', (value, wanted) => expect(isLabelValue(value)).toBe(wanted));
