/** What a Pod may use, from its containers' limits and requests. Pure. */

import type { Container, Pod } from '../../../resources/core/pod.ts';
import { containersOf, orderOf } from '../../../resources/core/pod-containers.ts';
import type { ContainerOrder } from '../../../resources/core/start-order.ts';
import { quantityValue } from '../../../resources/quantity.ts';
import { concurrentNeed, orderError } from '../containers/order.ts';

export interface Defaults {
  /** Bytes, where a container names no memory limit. */
  readonly memoryBytes: number;
  /** Bytes, where no container of the Pod names an ephemeral-storage limit. */
  readonly diskBytes: number;
  /** Processes and threads of one container. */
  readonly pids: number;
}

export const usualDefaults: Defaults = { memoryBytes: 2 ** 30, diskBytes: 2 ** 30, pids: 1024 };

const limitOf = (container: Container, resource: string): number | undefined => {
  const text = container.resources?.limits?.[resource];
  return text === undefined ? undefined : quantityValue(text);
};

const requestOf = (container: Container, resource: string): number => {
  const text = container.resources?.requests?.[resource];
  return text === undefined ? 0 : quantityValue(text);
};

/** Bytes. Who asks for more than the default gets it: without a limit Kubernetes knows no other. */
export const memoryLimit = (container: Container, defaults: Defaults, { memoryBytes = 0 }: ContainerOrder = {}) =>
  limitOf(container, 'memory') ?? Math.max(defaults.memoryBytes, requestOf(container, 'memory'), memoryBytes);

export const cpuLimit = (container: Container): number | undefined => limitOf(container, 'cpu');

/** Cores: the request, else the limit, else nothing. */
export function cpuRequest(container: Container): number {
  const text = container.resources?.requests?.cpu;
  return text === undefined ? (cpuLimit(container) ?? 0) : quantityValue(text);
}

/** Bytes of memory that the Pod's containers can take together. */
export function podMemory(pod: Pod, defaults: Defaults): number {
  const byName = new Map(containersOf(pod).map((container) => [container.name, container]));
  const names = [...byName.keys()];
  const order = orderOf(pod);
  const need = (name: string): number => memoryLimit(byName.get(name)!, defaults, order[name]);
  return concurrentNeed(orderError(order, names) === undefined ? order : {}, names, need);
}

/** Bytes of the Pod's disk: its containers share one. */
export function podDisk(pod: Pod, defaults: Defaults): number {
  const sum = (amounts: readonly (number | undefined)[]): number =>
    amounts.reduce<number>((all, bytes) => all + (bytes ?? 0), 0);
  const containers = containersOf(pod);
  const limits = sum(containers.map((container) => limitOf(container, 'ephemeral-storage')));
  if (limits > 0) return limits;
  return Math.max(defaults.diskBytes, sum(containers.map((one) => requestOf(one, 'ephemeral-storage'))));
}
