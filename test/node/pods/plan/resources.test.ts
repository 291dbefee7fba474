import { expect, test } from 'vitest';
import { memoryLimit, podDisk, usualDefaults } from '../../../../src/node/pods/plan/resources.ts';
import type { Container, Pod } from '../../../../src/resources/core/pod.ts';

const gibibyte = 2 ** 30;
const container = (resources: Container['resources']): Container => ({
  name: 'c',
  ...(resources === undefined ? {} : { resources }),
});
const podOf = (...all: readonly Container['resources'][]): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'pod' },
  spec: { containers: all.map((resources, index) => ({ ...container(resources), name: `c${index}` })) },
});

test.each([
  ['nothing', undefined, gibibyte],
  ['a limit', { limits: { memory: '64Mi' } }, gibibyte / 16],
  ['a request below the default', { requests: { memory: '64Mi' } }, gibibyte],
  ['a request above the default', { requests: { memory: '4Gi' } }, 4 * gibibyte],
  ['both', { requests: { memory: '4Gi' }, limits: { memory: '5Gi' } }, 5 * gibibyte],
])('memory of a container that says %s', (_, resources, bytes) =>
  expect(memoryLimit(container(resources), usualDefaults)).toBe(bytes),
);

test('a container may take what its order grants, unless it has a limit', () => {
  const order = { memoryBytes: 3 * gibibyte };
  expect(memoryLimit(container({ requests: { memory: '2Gi' } }), usualDefaults, order)).toBe(3 * gibibyte);
  expect(memoryLimit(container({ limits: { memory: '64Mi' } }), usualDefaults, order)).toBe(gibibyte / 16);
});

const disk = (size: string) => ({ 'ephemeral-storage': size });
test('a Pod’s disk holds what its containers may take, or ask for', () => {
  expect(podDisk(podOf(undefined), usualDefaults)).toBe(gibibyte);
  expect(podDisk(podOf({ requests: disk('3Gi') }, { requests: disk('1Gi') }), usualDefaults)).toBe(4 * gibibyte);
  expect(podDisk(podOf({ requests: disk('3Gi') }, { limits: disk('2Gi') }), usualDefaults)).toBe(2 * gibibyte);
});
