import { expect, test } from 'vitest';
import type { Pod } from '../../../src/resources/core/pod.ts';
import { containersOf, orderOf } from '../../../src/resources/core/pod-containers.ts';
import { annotations } from '../../../src/resources/labels.ts';

const pod = (spec: Pod['spec'], order?: object): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'p',
    ...(order === undefined ? {} : { annotations: { [annotations.startOrder]: JSON.stringify(order) } }),
  },
  spec,
});
const named = (...names: readonly string[]) => names.map((name) => ({ name }));

test('init containers come one after another, then the Pod’s own; those that run on are ready first', () => {
  const spec = {
    initContainers: [{ name: 'a' }, { name: 's', restartPolicy: 'Always' }, { name: 'b' }],
    containers: named('m', 'n'),
  };
  expect(containersOf(pod(spec)).map(({ name }) => name)).toEqual(['a', 's', 'b', 'm', 'n']);
  expect(orderOf(pod(spec))).toEqual({
    a: {},
    s: { after: 'a', sidecar: true },
    b: { after: 'a', afterReady: ['s'] },
    m: { after: 'b', afterReady: ['s'] },
    n: { after: 'b', afterReady: ['s'] },
  });
  const order = { n: { after: 'm', afterReady: ['x'], timeoutSeconds: 1 } };
  expect(orderOf(pod(spec, order)).n).toEqual({ after: 'm', afterReady: ['s', 'x'], timeoutSeconds: 1 });
});

test('without init containers the order is what the Pod states', () => {
  expect(orderOf(pod({ containers: named('m') }))).toEqual({});
  expect(orderOf(pod({ containers: named('m') }, { m: { sidecar: true } }))).toEqual({ m: { sidecar: true } });
});
