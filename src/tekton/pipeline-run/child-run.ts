/** The runs of a pipeline task: TaskRuns, CustomRuns, or PipelineRuns of a Pipeline within. Pure. */

import type { Draft } from '../../client/client.ts';
import type { CustomRun } from '../../resources/tekton/custom-run.ts';
import { mergedPodTemplates } from '../../resources/tekton/defaults/configured.ts';
import type { Param } from '../../resources/tekton/param.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { EmbeddedTask, PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import type { PodTemplate } from '../../resources/tekton/pod-template.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { WorkspaceBinding } from '../../resources/tekton/workspace.ts';
import { substitutePodTemplate } from '../variables/pod-template.ts';
import type { Variables } from '../variables/substitution.ts';
import { childMetadata } from './child-metadata.ts';
import { withoutParams } from './params.ts';
import { substituteParams } from './substitution.ts';
import { childTimeout } from './timeouts.ts';

export interface ChildPlan {
  readonly run: PipelineRun;
  /** With all variables replaced that are known. */
  readonly task: PipelineTask;
  readonly isFinally: boolean;
  readonly name: string;
  /** The params that the matrix gives to this run. */
  readonly combination: readonly Param[];
  readonly workspaces: readonly WorkspaceBinding[];
  /** Variables of the PipelineRun, for its `taskRunSpecs`. */
  readonly variables: Variables;
  /** Milliseconds that a TaskRun has where nothing else is said; 0: no limit. */
  readonly usualTimeout: number;
}

export function taskRunOf(plan: ChildPlan): Draft<TaskRun> {
  const { run, task, isFinally, name, workspaces } = plan;
  const special = run.spec.taskRunSpecs?.find((spec) => spec.pipelineTaskName === task.name);
  const serviceAccountName = special?.serviceAccountName || run.spec.taskRunTemplate?.serviceAccountName;
  const podTemplate = podTemplateOf(plan);
  const timeout = special?.timeout ?? task.timeout ?? childTimeout(run, isFinally, plan.usualTimeout);
  const params = paramsOf(plan);
  return {
    metadata: childMetadata(run, task, name, isFinally),
    spec: {
      ...(task.taskSpec === undefined ? {} : { taskSpec: taskSpecOf(task.taskSpec) }),
      ...(task.taskRef === undefined ? {} : { taskRef: task.taskRef }),
      ...(params.length === 0 ? {} : { params }),
      ...(serviceAccountName ? { serviceAccountName } : {}),
      ...(podTemplate === undefined ? {} : { podTemplate }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(task.retries ? { retries: task.retries } : {}),
      ...(workspaces.length === 0 ? {} : { workspaces }),
      ...(special?.stepSpecs === undefined ? {} : { stepSpecs: special.stepSpecs }),
      ...(special?.sidecarSpecs === undefined ? {} : { sidecarSpecs: special.sidecarSpecs }),
      ...(special?.computeResources === undefined ? {} : { computeResources: special.computeResources }),
    },
  };
}

function paramsOf({ task, combination }: ChildPlan): readonly Param[] {
  const own = new Map<string, string>([['context.pipelineTask.retries', String(task.retries ?? 0)]]);
  return substituteParams([...combination, ...(task.params ?? [])], own);
}

const taskSpecOf = ({ apiVersion: _v, kind: _k, metadata: _m, spec: _s, ...spec }: EmbeddedTask) => spec;

/** What is said of the task wins over what is said of all; lists of names are joined. */
function podTemplateOf({ run, task, variables, combination }: ChildPlan): PodTemplate | undefined {
  const all = run.spec.taskRunTemplate?.podTemplate;
  const own = run.spec.taskRunSpecs?.find((spec) => spec.pipelineTaskName === task.name)?.podTemplate;
  if (all === undefined && own === undefined) return undefined;
  const template = mergedPodTemplates(all, own);
  const visible = withoutParams(variables, [...combination, ...(task.params ?? [])]);
  return substitutePodTemplate(template, visible);
}

export function customRunOf(plan: ChildPlan): Draft<CustomRun> {
  const { run, task, isFinally, name, workspaces } = plan;
  const special = run.spec.taskRunSpecs?.find((spec) => spec.pipelineTaskName === task.name);
  const serviceAccountName = special?.serviceAccountName || run.spec.taskRunTemplate?.serviceAccountName;
  const timeout = special?.timeout ?? task.timeout ?? childTimeout(run, isFinally, plan.usualTimeout);
  const { taskSpec } = task;
  const params = paramsOf(plan);
  return {
    metadata: childMetadata(run, task, name, isFinally),
    spec: {
      ...(task.taskRef === undefined ? {} : { customRef: task.taskRef }),
      ...(taskSpec === undefined
        ? {}
        : {
            customSpec: {
              ...(taskSpec.apiVersion === undefined ? {} : { apiVersion: taskSpec.apiVersion }),
              ...(taskSpec.kind === undefined ? {} : { kind: taskSpec.kind }),
              ...(taskSpec.metadata === undefined ? {} : { metadata: taskSpec.metadata }),
              ...(taskSpec.spec === undefined ? {} : { spec: taskSpec.spec }),
            },
          }),
      ...(params.length === 0 ? {} : { params }),
      ...(serviceAccountName ? { serviceAccountName } : {}),
      ...(timeout === undefined ? {} : { timeout }),
      ...(task.retries ? { retries: task.retries } : {}),
      ...(workspaces.length === 0 ? {} : { workspaces }),
    },
  };
}

/** @param pipeline name of the Pipeline within; absent for an embedded one */
export function childPipelineRunOf(plan: ChildPlan, pipeline?: string): Draft<PipelineRun> {
  const { run, task, isFinally, name, workspaces } = plan;
  const timeout = task.timeout ?? childTimeout(run, isFinally, plan.usualTimeout) ?? unlimited(run);
  const params = paramsOf(plan);
  return {
    metadata: childMetadata(run, task, name, isFinally, pipeline ?? name),
    spec: {
      ...(task.pipelineRef === undefined ? { pipelineSpec: task.pipelineSpec! } : { pipelineRef: task.pipelineRef }),
      ...(run.spec.taskRunTemplate === undefined ? {} : { taskRunTemplate: run.spec.taskRunTemplate }),
      ...(params.length === 0 ? {} : { params }),
      ...(workspaces.length === 0 ? {} : { workspaces }),
      ...(timeout === undefined ? {} : { timeouts: { pipeline: timeout } }),
    },
  };
}

/** A Pipeline within a run without a limit has none either. */
const unlimited = ({ spec: { timeouts } }: PipelineRun): string | undefined =>
  timeouts?.pipeline !== undefined && /^0+[a-zµ]*$/.test(timeouts.pipeline) ? '0s' : undefined;
