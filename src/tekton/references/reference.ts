/** What the engines ask of references, and what they get: a spec, the news that it is on its way, or an error for good. */

import type { Result } from '../../client/controller.ts';
import type { Param } from '../../resources/tekton/param.ts';
import type { RefSource } from '../../resources/tekton/reference.ts';

/** A taskRef, pipelineRef or step.ref; its params may hold variables of the run. */
export interface Reference {
  readonly name?: string;
  readonly resolver?: string;
  readonly params?: readonly Param[];
}

export interface Found<S> {
  readonly state: 'found';
  /** As the API server would store it, with its defaults. */
  readonly spec: S;
  /** Of the Task, Pipeline or StepAction; empty where a remote one has none. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** For `provenance.refSource`; absent for what lies in the run's namespace. */
  readonly source?: RefSource;
}

/** Return it from `reconcile`: a change of the ResolutionRequest wakes the run (`resolutionsOf`), or the time has come. */
export interface Waiting extends Result {
  readonly state: 'waiting';
  /** Tekton's, for the condition Succeeded=Unknown. */
  readonly reason: 'ResolvingTaskRef' | 'ResolvingPipelineRef' | 'ResolvingStepActionRef';
  readonly message: string;
}

export type Resolved<S> = Found<S> | Waiting;

/** Why a run will never have what it refers to: reason and message of its condition Succeeded=False, as in Tekton. */
export class ResolutionError extends Error {
  override readonly name = 'ResolutionError';
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}
