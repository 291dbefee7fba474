/** The intent to start a Pod, kept in the object itself, so that it outlives a reboot. Pure. */

import type { Pod } from '../../../resources/core/pod.ts';

/** The boot of the machine in which the Pod's containers may have been started. */
const bootAnnotation = 'node.kf.dev/boot-id';

export const bootOfClaim = (pod: Pod): string | undefined => pod.metadata.annotations?.[bootAnnotation];

export const claimed = (pod: Pod, nodeName: string, bootId: string): Pod => ({
  ...pod,
  metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, [bootAnnotation]: bootId } },
  spec: { ...pod.spec, nodeName },
});
