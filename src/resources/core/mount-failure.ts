/**
 * What a Pod says whose volumes cannot be mounted yet: a condition that is there only while that is so. Its containers wait
 * with the reason `ContainerCreating` meanwhile, as in Kubernetes, which tells the rest in Events only. Pure.
 */

import type { Pod } from './pod.ts';

/** Condition of a Pod: False with reason `FailedMount`, or not there. Added by kf-tasks. */
export const volumesMounted = 'node.kf.dev/VolumesMounted';

/** @param message which volume, and what it lacks */
export const mountFailure = (message: string) =>
  ({ type: volumesMounted, status: 'False', reason: 'FailedMount', message }) as const;

/** The message; undefined where nothing is missing. */
export const mountFailureOf = ({ status }: Pod): string | undefined =>
  status?.conditions?.find(({ type }) => type === volumesMounted)?.message;
