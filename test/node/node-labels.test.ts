import { expect, test } from 'vitest';
import { relabelled, standardLabels } from '../../src/node/node-labels.ts';
import type { Node } from '../../src/resources/core/kinds.ts';

const node = (labels: Readonly<Record<string, string>>): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n', labels: { ...standardLabels('n'), ...labels } },
});

test('the setting’s labels come and go; what others have set stays', () => {
  const first = relabelled(node({ own: 'x' }), { disktype: 'ssd', zone: 'a' })!;
  expect(first.metadata.labels).toEqual({ ...standardLabels('n'), own: 'x', disktype: 'ssd', zone: 'a' });
  expect(relabelled(first, { zone: 'a', disktype: 'ssd' })).toBeUndefined();
  const second = relabelled(first, { zone: 'b' })!;
  expect(second.metadata.labels).toEqual({ ...standardLabels('n'), own: 'x', zone: 'b' });
  expect(relabelled(second, {})!.metadata.labels).toEqual({ ...standardLabels('n'), own: 'x' });
});

test('Kubernetes’ own labels stay right', () => {
  const changed = relabelled(node({ 'kubernetes.io/hostname': 'other' }), { 'kubernetes.io/os': 'plan9' })!;
  expect(changed.metadata.labels).toEqual(standardLabels('n'));
});
