/** The containers' part in the status of a Pod none of whose containers is being started yet. Pure. */

import type { Container, ContainerStatus, Pod } from '../../resources/core/pod.ts';
import type { PodStatus } from '../pods/status/pod-status.ts';

export interface Waiting {
  readonly reason: string;
  readonly message?: string;
}

/** @param waiting what each container waits for */
export function unstarted(
  { spec }: Pod,
  waiting: (container: Container) => Waiting,
): Pick<PodStatus, 'containerStatuses' | 'initContainerStatuses'> {
  const status = (container: Container): ContainerStatus => {
    const { name, image = '' } = container;
    const state = { waiting: waiting(container) };
    return { name, image, imageID: '', ready: false, started: false, restartCount: 0, state };
  };
  return {
    ...(spec.initContainers === undefined ? {} : { initContainerStatuses: spec.initContainers.map(status) }),
    containerStatuses: spec.containers.map(status),
  };
}
