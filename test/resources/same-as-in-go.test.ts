import { expect, test } from 'vitest';
import { sameAsInGo } from '../../src/resources/same-as-in-go.ts';

test.each([
  [
    'fields that are empty, where none were',
    { taskSpec: { steps: [{ image: 'a' }] } },
    { taskSpec: { metadata: {}, spec: null, steps: [{ name: '', image: 'a', computeResources: {} }] } },
  ],
  ['times spelt otherwise', { timeout: '60m' }, { timeout: '1h0m0s' }],
  ['times of a run and its parts', { timeouts: { tasks: '90s' } }, { timeouts: { tasks: '1m30s' } }],
  [
    'quantities spelt otherwise',
    { computeResources: { limits: { memory: '1024Mi', cpu: '1000m' } } },
    { computeResources: { limits: { memory: '1Gi', cpu: '1' } } },
  ],
  ['a quantity that is a number', { limits: { cpu: 1 } }, { limits: { cpu: '1' } }],
])('%s', (_, left, right) => {
  expect(sameAsInGo(left, right)).toBe(true);
  expect(sameAsInGo(right, left)).toBe(true);
});

test.each([
  [
    'a param that reads like a time',
    { params: [{ name: 'a', value: '60m' }] },
    { params: [{ name: 'a', value: '1h' }] },
  ],
  ['another time', { timeout: '1h' }, { timeout: '2h' }],
  ['another quantity', { limits: { memory: '1Gi' } }, { limits: { memory: '1G' } }],
  ['one step more', { steps: [{ image: 'a' }] }, { steps: [{ image: 'a' }, {}] }],
  ['a field that says something', { steps: [{ image: 'a' }] }, { steps: [{ image: 'a', name: 'b' }] }],
])('not %s', (_, left, right) => {
  expect(sameAsInGo(left, right)).toBe(false);
  expect(sameAsInGo(right, left)).toBe(false);
});
