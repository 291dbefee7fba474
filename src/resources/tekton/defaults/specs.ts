/** What Tekton's webhook fills in of Tasks, Pipelines and StepActions. Pure; absent members stay absent. */

import { formatDuration, parseDuration } from '../../duration.ts';
import { withoutUndefined } from '../../json.ts';
import type { PipelineSpec, PipelineTask } from '../pipeline-spec.ts';
import type { TaskRef } from '../reference.ts';
import type { StepActionSpec } from '../step-action.ts';
import type { TaskSpec } from '../task-spec.ts';
import { paramSpecs, params, paramValue, results } from './param-values.ts';

/** Go's form of a duration; what is none, or finer than a millisecond, stays for validation to judge. */
export function canonicalDuration(text: string): string {
  const milliseconds = parseDuration(text);
  return milliseconds !== undefined && milliseconds >= 0 && Number.isInteger(milliseconds)
    ? formatDuration(milliseconds)
    : text;
}

/** The members of `changes` that `object` has. */
const given = <T extends object>(object: T, changes: { readonly [K in keyof T]?: T[K] | undefined }): T => ({
  ...object,
  ...withoutUndefined(changes),
});

export const taskSpecDefaults = <T extends TaskSpec>(spec: T): T =>
  given<TaskSpec>(spec, {
    params: paramSpecs(spec.params),
    results: results(spec.results)?.map((result) =>
      result.value === undefined ? result : { ...result, value: paramValue(result.value) },
    ),
    steps: spec.steps?.map((step) =>
      given(step, {
        params: params(step.params),
        ref: step.ref && given(step.ref, { params: params(step.ref.params) }),
        timeout: step.timeout === undefined ? undefined : canonicalDuration(step.timeout),
      }),
    ),
  }) as T;

/** A reference by name is to a Task. */
export const taskRefDefaults = (ref: TaskRef): TaskRef =>
  given(ref, {
    params: params(ref.params),
    kind: !ref.kind && !ref.resolver ? 'Task' : undefined,
  });

export const pipelineSpecDefaults = (spec: PipelineSpec): PipelineSpec =>
  given(spec, {
    params: paramSpecs(spec.params),
    tasks: spec.tasks?.map(pipelineTaskDefaults),
    finally: spec.finally?.map(pipelineTaskDefaults),
    results: spec.results?.map((result) => ({ ...result, value: paramValue(result.value) })),
  });

const pipelineTaskDefaults = (task: PipelineTask): PipelineTask =>
  given(task, {
    taskRef: task.taskRef && taskRefDefaults(task.taskRef),
    taskSpec: task.taskSpec && taskSpecDefaults(task.taskSpec),
    pipelineRef: task.pipelineRef && given(task.pipelineRef, { params: params(task.pipelineRef.params) }),
    pipelineSpec: task.pipelineSpec && pipelineSpecDefaults(task.pipelineSpec),
    params: params(task.params),
    matrix:
      task.matrix &&
      given(task.matrix, {
        params: params(task.matrix.params),
        include: task.matrix.include?.map((entry) => given(entry, { params: params(entry.params) })),
      }),
    timeout: task.timeout === undefined ? undefined : canonicalDuration(task.timeout),
  });

export const stepActionDefaults = (spec: StepActionSpec): StepActionSpec =>
  given(spec, { params: paramSpecs(spec.params), results: results(spec.results) });
