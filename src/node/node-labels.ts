/** The labels of this machine's Node: Kubernetes' usual ones, and those that the server's setting gives it. Pure. */

import { arch } from 'node:os';
import type { Node } from '../resources/core/kinds.ts';
import { annotations } from '../resources/labels.ts';
import type { Labels } from '../resources/selector.ts';

/** Go's names of processors, which Kubernetes uses. */
export const goArch = (): string => ({ x64: 'amd64', ia32: '386' })[arch() as string] ?? arch();

export const standardLabels = (name: string): Labels => ({
  'kubernetes.io/hostname': name,
  'kubernetes.io/os': 'linux',
  'kubernetes.io/arch': goArch(),
});

/**
 * The Node with the labels of the setting. Those that the setting gave it before and does not any more go; what others
 * have set stays. Undefined when it has them already.
 */
export function relabelled(node: Node, setting: Labels): Node | undefined {
  const { metadata } = node;
  const before = namesIn(metadata.annotations?.[annotations.nodeLabels]);
  const others = Object.entries(metadata.labels ?? {}).filter(([key]) => !before.includes(key) || key in setting);
  const labels = { ...Object.fromEntries(others), ...setting, ...standardLabels(metadata.name) };
  const names = Object.keys(setting).sort().join(',');
  const same = sameLabels(labels, metadata.labels ?? {}) && names === before.join(',');
  if (same) return undefined;
  const noted = { ...metadata.annotations, [annotations.nodeLabels]: names };
  return { ...node, metadata: { ...metadata, labels, annotations: noted } };
}

const namesIn = (text = ''): readonly string[] => text.split(',').filter((name) => name !== '');

const sameLabels = (a: Labels, b: Labels): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.keys(a).every((key) => a[key] === b[key]);
