/**
 * Pods that have been there, of runs whose status may not say so yet: a command that may have run is never started again.
 * In memory only: a Pod that is deleted by hand in the instant before a crash, and before the status was written, is made
 * anew.
 */

import type { Pod } from '../../resources/core/pod.ts';
import { controllerOf, type ObjectRef, refOf } from '../../resources/meta.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import { attemptOf, podName } from './pod.ts';

export class MadePods {
  /** The last one, by its run. */
  readonly #made = new Map<string, string>();

  /** @param pod of a run */
  add(pod: Pod): void {
    const { uid = '', name = '' } = controllerOf(pod) ?? {};
    this.#made.set(key({ ...refOf(pod), name }), `${uid} ${pod.metadata.name}`);
  }

  /** Whether the Pod of this attempt has been there. */
  has(run: TaskRun): boolean {
    return this.#made.get(key(refOf(run))) === `${run.metadata.uid} ${podName(run, attemptOf(run))}`;
  }

  /** The run has ended, or is gone. */
  forget(run: ObjectRef): void {
    this.#made.delete(key(run));
  }
}

const key = ({ namespace = '', name }: ObjectRef): string => `${namespace}/${name}`;
