/**
 * The run that a hook starts, of whatever kind: the request's headers are in the environment of its steps, its body is a
 * file. Pure. What a run only refers to (`taskRef`, `pipelineRef`) stays as it is.
 */

import type { EnvVar } from '../../resources/core/pod.ts';
import { hookBodyKey, hookFolder } from '../../resources/kf/hook.ts';
import { type JobRun, runKindOf, runOf } from '../../resources/kf/job-run.ts';
import type { Task } from '../../resources/kf/task.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { type HookRequest, hookEnv } from './hook-request.ts';

const volume = 'kf-hook';
const bodyPath = `${hookFolder}/${hookBodyKey}`;

export interface Delivery {
  readonly request: HookRequest;
  /** Holds the body. */
  readonly secretName: string;
}

export function taskWith(template: Task['spec'], { request, secretName }: Delivery): Task['spec'] {
  return {
    ...template,
    env: over(template.env ?? [], hookEnv(request, bodyPath)),
    inputs: [...(template.inputs ?? []), { secretName, mountPath: hookFolder }],
  };
}

/** A run of the Job that waits for its controller. */
export function jobRunWith(job: TaskSchedule, name: string, delivery: Delivery) {
  const kind = runKindOf(job).kind;
  const { taskTemplate } = job.spec;
  if (taskTemplate !== undefined) return runOf(job, { name, spec: taskWith(taskTemplate, delivery), pending: true });
  const run = runOf(job, { name, pending: true });
  const spec =
    kind === 'TaskRun'
      ? taskRunWith(run.spec as TaskRun['spec'], delivery)
      : pipelineRunWith(run.spec as PipelineRun['spec'], delivery);
  return { ...run, spec: spec as JobRun['spec'] };
}

/** Whether a run was made to see the body that this Secret holds. */
export function seesSecret(run: JobRun, secretName: string): boolean {
  if ('appRef' in run.spec) return run.spec.inputs?.some((input) => input.secretName === secretName) === true;
  const specs =
    run.kind === 'TaskRun'
      ? [(run as TaskRun).spec.taskSpec]
      : ((run as PipelineRun).spec.pipelineSpec?.tasks ?? []).map(({ taskSpec }) => taskSpec);
  return specs.some((spec) => spec?.volumes?.some(({ secret }) => secret?.secretName === secretName) === true);
}

function taskRunWith(spec: TaskRun['spec'], delivery: Delivery): TaskRun['spec'] {
  return spec.taskSpec === undefined ? spec : { ...spec, taskSpec: stepsWith(spec.taskSpec, delivery) };
}

function pipelineRunWith(spec: PipelineRun['spec'], delivery: Delivery): PipelineRun['spec'] {
  const { pipelineSpec } = spec;
  if (pipelineSpec === undefined) return spec;
  const tasks = (pipelineSpec.tasks ?? []).map((task) =>
    task.taskSpec === undefined ? task : { ...task, taskSpec: stepsWith(task.taskSpec, delivery) },
  );
  return { ...spec, pipelineSpec: { ...pipelineSpec, tasks } };
}

function stepsWith(spec: TaskSpec, delivery: Delivery): TaskSpec {
  const mount = { name: volume, mountPath: hookFolder, readOnly: true };
  return {
    ...spec,
    volumes: [
      ...(spec.volumes ?? []),
      { name: volume, secret: { secretName: delivery.secretName, items: [{ key: hookBodyKey, path: hookBodyKey }] } },
    ],
    steps: (spec.steps ?? []).map((step) => ({
      ...step,
      env: over(step.env ?? [], stepEnv(delivery)),
      volumeMounts: [...(step.volumeMounts ?? []), mount],
    })),
  };
}

/** What a stranger says must not be taken for Tekton's or Kubernetes' `$(…)`: it comes from the Secret. */
const stepEnv = ({ request, secretName }: Delivery): readonly EnvVar[] =>
  hookEnv(request, bodyPath).map(({ name }) =>
    name === 'KF_HOOK_BODY'
      ? { name, value: bodyPath }
      : { name, valueFrom: { secretKeyRef: { name: secretName, key: name } } },
  );

/** What the Secret of a run of Tekton's holds beside the body. */
export const requestData = (request: HookRequest): Readonly<Record<string, string>> =>
  Object.fromEntries(
    hookEnv(request, bodyPath).map(({ name, value }) => [name, Buffer.from(value).toString('base64')]),
  );

/** The request's own win. */
function over<T extends { readonly name: string }>(before: readonly T[], added: readonly T[]): readonly T[] {
  const names = new Set(added.map(({ name }) => name));
  return [...before.filter(({ name }) => !names.has(name)), ...added];
}
