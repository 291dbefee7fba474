import { expect, test } from 'vitest';
import type { LimitRange } from '../../../src/resources/core/limit-range.ts';
import { withRequestsOf } from '../../../src/tekton/task-run/compute-resources.ts';

const range: LimitRange = {
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name: 'range', namespace: 'dev' },
  spec: { limits: [{ type: 'Container', defaultRequest: { memory: '200Mi' }, min: { memory: '50Mi' } }] },
};
const pod = (...limits: readonly (string | undefined)[]) => ({
  metadata: { name: 'pod' },
  spec: {
    containers: limits.map((memory, index) => ({
      name: `step-${index}`,
      image: 'i',
      ...(memory === undefined ? {} : { resources: { limits: { memory } } }),
    })),
  },
});
const requests = (...limits: readonly (string | undefined)[]) =>
  withRequestsOf(pod(...limits), [range]).spec.containers.map(({ resources }) => resources?.requests?.memory);

test('a LimitRange’s default request is shared out among the steps, and no step asks for more than it may take', () => {
  expect(requests(undefined)).toEqual(['200Mi']);
  expect(requests(undefined, '64Mi')).toEqual(['100Mi', '64Mi']);
  expect(requests('1Gi', ...Array<undefined>(7)).at(-1)).toBe('50Mi');
});
