/** All containers of a Pod: those that prepare it and its own, in the order in which Kubernetes starts them. Pure. */

import type { Container, Pod } from './pod.ts';
import { type ContainerOrder, type StartOrder, startOrderOf } from './start-order.ts';

export const containersOf = ({ spec }: Pod): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
];

/** An init container that runs on beside the Pod's own. */
export const isRestartable = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always';

/** The order that the Pod states, behind that of its init containers. */
export function orderOf(pod: Pod): StartOrder {
  const stated = startOrderOf(pod);
  const { initContainers = [], containers } = pod.spec;
  if (initContainers.length === 0) return stated;
  const order: Record<string, ContainerOrder> = {};
  let last: string | undefined;
  const beside: string[] = [];
  const behind = (): ContainerOrder => ({
    ...(last === undefined ? {} : { after: last }),
    ...(beside.length === 0 ? {} : { afterReady: [...beside] }),
  });
  for (const container of initContainers) {
    const { name } = container;
    order[name] = { ...behind(), ...stated[name], ...(isRestartable(container) ? { sidecar: true } : {}) };
    if (isRestartable(container)) beside.push(name);
    else last = name;
  }
  for (const { name } of containers) {
    const { afterReady = [], ...own } = stated[name] ?? {};
    const all = [...beside, ...afterReady];
    order[name] = { ...behind(), ...own, ...(all.length === 0 ? {} : { afterReady: all }) };
  }
  return order;
}
