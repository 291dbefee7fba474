/**
 * What a Pod says of its images: a condition that is there only where one of them was really pulled. Its container waits
 * with the reason `ContainerCreating` meanwhile, as in Kubernetes. Pure.
 */

import type { Pod } from './pod.ts';

/** Condition of a Pod: False with reason `Pulling` or `ImagePullBackOff`, True with `Pulled`. Added by kf-tasks. */
const imagesPulled = 'node.kf.dev/ImagesPulled';

export interface ImagePull {
  /** `ImagePullBackOff`: it failed and is tried again. */
  readonly state: 'Pulling' | 'Pulled' | 'ImagePullBackOff';
  /** One line: what is pulled, how far it is, why it failed. */
  readonly message: string;
}

export const pullCondition = ({ state, message }: ImagePull) =>
  ({ type: imagesPulled, status: state === 'Pulled' ? 'True' : 'False', reason: state, message }) as const;

/** What the condition says, and since when; undefined where nothing had to be pulled. */
export function imagePullOf({ status }: Pod): (ImagePull & { readonly since?: string }) | undefined {
  const found = status?.conditions?.find(({ type }) => type === imagesPulled);
  if (found === undefined) return undefined;
  const { reason = '', message = '', lastTransitionTime } = found;
  const state = found.status === 'True' ? 'Pulled' : reason === 'ImagePullBackOff' ? reason : 'Pulling';
  return { state, message, ...(lastTransitionTime === undefined ? {} : { since: lastTransitionTime }) };
}
