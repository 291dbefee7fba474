import { describe, expect, test } from 'vitest';
import { type Place, type Placed, unschedulable } from '../../../src/resources/core/scheduling.ts';

const node: Place = {
  name: 'n',
  labels: { 'kubernetes.io/hostname': 'n', disktype: 'ssd', cores: '4' },
  taints: [
    { key: 'gpu', value: 'yes', effect: 'NoSchedule' },
    { key: 'soft', effect: 'PreferNoSchedule' },
  ],
};
const tolerations = [{ key: 'gpu', operator: 'Exists' }];
const pod = (spec: Placed['spec'], labels = {}): Placed => ({
  metadata: { name: 'p', namespace: 'dev', labels },
  spec: { tolerations, ...spec },
});
const why = (spec: Placed['spec'], others: readonly Placed[] = []): string | undefined =>
  unschedulable(pod(spec, { app: 'own' }), node, others);
const selector = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
const nodeAffinity = (...nodeSelectorTerms: readonly object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});
const expression = (key: string, operator: string, ...values: readonly string[]) => ({
  matchExpressions: [{ key, operator, values }],
});

test('a Pod that asks for nothing runs', () => expect(why({})).toBeUndefined());

test('a nodeSelector must be met whole', () => {
  expect(why({ nodeSelector: { disktype: 'ssd' } })).toBeUndefined();
  expect(why({ nodeSelector: { disktype: 'ssd', zone: 'a' } })).toBe(selector);
  expect(why({ nodeSelector: { disktype: 'hdd' } })).toBe(selector);
});

describe('required node affinity', () => {
  test.each([
    ['one term of several', [expression('disktype', 'In', 'hdd'), expression('disktype', 'Exists')], true],
    ['none', [expression('disktype', 'In', 'hdd'), expression('zone', 'Exists')], false],
    ['NotIn', [expression('disktype', 'NotIn', 'hdd')], true],
    ['NotIn what is not there', [expression('zone', 'NotIn', 'a')], true],
    ['DoesNotExist', [expression('disktype', 'DoesNotExist')], false],
    ['Gt', [expression('cores', 'Gt', '3')], true],
    ['Lt', [expression('cores', 'Lt', '4')], false],
    ['the Node’s name', [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }], true],
    ['a term without anything', [{}], false],
  ])('%s', (_, terms, runs) => {
    expect(why(nodeAffinity(...terms))).toBe(runs ? undefined : selector);
  });
});

test.each([
  [[], false],
  [[{ key: 'gpu', value: 'yes' }], true],
  [[{ key: 'gpu', value: 'no' }], false],
  [[{ operator: 'Exists' }], true],
  [[{ key: 'gpu', operator: 'Exists', effect: 'NoExecute' }], false],
])('a taint is tolerated by %j: %j', (own, runs) => {
  expect(why({ tolerations: own })).toBe(
    runs ? undefined : '0/1 nodes are available: 1 node(s) had untolerated taint {gpu: yes}.',
  );
});

test('beside other Pods, or not', () => {
  const term = (app: string, topologyKey = 'kubernetes.io/hostname', rest = {}) => [
    { labelSelector: { matchLabels: { app } }, topologyKey, ...rest },
  ];
  const required = (terms: readonly object[]) => ({ requiredDuringSchedulingIgnoredDuringExecution: terms as never });
  const other = { ...pod({}, { app: 'other' }) };
  const near = (terms: readonly object[]) => why({ affinity: { podAffinity: required(terms) } }, [other]);
  const far = (terms: readonly object[]) => why({ affinity: { podAntiAffinity: required(terms) } }, [other]);
  expect(near(term('other'))).toBeUndefined();
  expect(near(term('third'))).toContain("didn't match pod affinity rules");
  expect(near(term('own'))).toBeUndefined();
  expect(near(term('other', 'zone'))).toContain("didn't match pod affinity rules");
  expect(near(term('other', 'disktype', { namespaces: ['elsewhere'] }))).toContain('pod affinity');
  expect(far(term('other'))).toContain("didn't match pod anti-affinity rules");
  expect(far(term('third'))).toBeUndefined();
});

test('a resource that this machine does not have', () => {
  const containers = [{ resources: { limits: { cpu: '1', 'nvidia.com/gpu': '1' } } }];
  expect(why({ containers })).toBe('0/1 nodes are available: 1 Insufficient nvidia.com/gpu.');
  expect(why({ containers: [{ resources: { requests: { 'nvidia.com/gpu': '0', memory: '1Gi' } } }] })).toBeUndefined();
});

test('a spread over a label that the Node lacks; another scheduler', () => {
  expect(why({ topologySpreadConstraints: [{ topologyKey: 'zone' }] })).toContain('missing required label');
  expect(
    why({ topologySpreadConstraints: [{ topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }] }),
  ).toBeUndefined();
  expect(why({ schedulerName: 'mine' })).toBe('there is no scheduler "mine" here, only default-scheduler');
  expect(why({ schedulerName: 'default-scheduler' })).toBeUndefined();
});
