/** What the engine calls the parts of a PipelineRun; its children, of whatever kind; and how it fails for good. */

import type { Condition } from '../../resources/condition.ts';
import type { KubeObject } from '../../resources/meta.ts';
import type { Param, ParamValue } from '../../resources/tekton/param.ts';
import type { PipelineSpec, PipelineTask } from '../../resources/tekton/pipeline-spec.ts';

/** A TaskRun, CustomRun or PipelineRun that was made for a pipeline task. */
export interface ChildRun extends KubeObject {
  readonly spec: { readonly params?: readonly Param[]; readonly status?: string; readonly statusMessage?: string };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly completionTime?: string;
    readonly results?: readonly { readonly name: string; readonly type?: string; readonly value: ParamValue }[];
    readonly artifacts?: unknown;
  };
}

export type ChildKind = 'TaskRun' | 'CustomRun' | 'PipelineRun';

/** Which kind of run a pipeline task is made into. */
export function childKindOf({ taskRef, taskSpec, pipelineRef, pipelineSpec }: PipelineTask): ChildKind {
  if (pipelineRef !== undefined || pipelineSpec !== undefined) return 'PipelineRun';
  return isForeign(taskRef) || isForeign(taskSpec) ? 'CustomRun' : 'TaskRun';
}

/** Tekton asks for both; with its own group and kind it is a Task all the same. */
const isForeign = ({ apiVersion, kind }: { readonly apiVersion?: string; readonly kind?: string } = {}): boolean =>
  !!apiVersion && !!kind && !(apiVersion.startsWith('tekton.dev/') && kind === 'Task');

/** A run that can never run, or ends before its tasks do; `reason` is Tekton's. */
export class PipelineRunFailure extends Error {
  override readonly name: string = 'PipelineRunFailure';
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/** Such a run of a Pipeline that is known. */
export class InvalidPipeline extends PipelineRunFailure {
  constructor(
    reason: string,
    message: string,
    readonly spec: PipelineSpec,
  ) {
    super(reason, message);
  }
}
