/**
 * What Tekton's admission webhooks refuse, in their words: they are the names under which people know these refusals,
 * and answer them with 400. An update that leaves the spec as it is is never refused: what has been stored stays usable.
 */

import { conditionOf } from '../condition.ts';
import { jsonEqual } from '../json.ts';
import type { KubeObject } from '../meta.ts';
import { sameAsInGo } from '../same-as-in-go.ts';
import type { CustomRun } from './custom-run.ts';
import { pipelineRunDefaults, taskRunDefaults } from './defaults/runs.ts';
import { isKfsOwn } from './kfs-own.ts';
import type { Pipeline } from './pipeline.ts';
import type { PipelineRun } from './pipeline-run.ts';
import type { ResolutionRequest } from './resolution-request.ts';
import type { StepAction } from './step-action.ts';
import type { Task } from './task.ts';
import type { TaskRun } from './task-run.ts';
import { type Complaints, complaintText, invalidValue, missingField, under } from './validation/complaint.ts';
import { customRunErrors } from './validation/custom-run.ts';
import { metadataErrors } from './validation/metadata.ts';
import { pipelineRunSpecErrors } from './validation/pipeline-run.ts';
import { pipelineErrors } from './validation/pipeline-spec.ts';
import { stepActionErrors } from './validation/step-action.ts';
import { taskRunSpecErrors } from './validation/task-run.ts';
import { taskErrors } from './validation/task-spec.ts';
import {
  customRunReadings,
  pipelineRunReadings,
  pipelineSpecReadings,
  taskRunReadings,
  taskSpecReadings,
  unreadable,
} from './validation/unreadable.ts';

const denied = (webhook: string, text: string): string => `admission webhook "${webhook}" denied the request: ${text}`;

/** The refusal, or undefined where there is nothing to complain about. */
function refusal(fault: string | undefined, complaints: () => Complaints): string | undefined {
  if (fault !== undefined) return denied('webhook.pipeline.tekton.dev', `mutation failed: ${fault}`);
  const all = complaints();
  return all.length === 0
    ? undefined
    : denied('validation.webhook.pipeline.tekton.dev', `validation failed: ${complaintText(all)}`);
}

type WithSpec = KubeObject & { readonly spec: unknown };

const sameSpec = (object: WithSpec, old: WithSpec | undefined): boolean =>
  old !== undefined && jsonEqual(object.spec, old.spec);

export const admitTask = (task: Task, old?: Task): string | undefined =>
  sameSpec(task, old)
    ? undefined
    : refusal(unreadable(taskSpecReadings(task.spec)), () => [
        ...metadataErrors(task.metadata),
        ...taskErrors(task.spec),
      ]);

export const admitPipeline = (pipeline: Pipeline, old?: Pipeline): string | undefined =>
  sameSpec(pipeline, old)
    ? undefined
    : refusal(unreadable(pipelineSpecReadings(pipeline.spec)), () => [
        ...metadataErrors(pipeline.metadata),
        ...pipelineErrors(pipeline.spec),
      ]);

export const admitStepAction = (action: StepAction, old?: StepAction): string | undefined =>
  sameSpec(action, old)
    ? undefined
    : refusal(undefined, () => [...metadataErrors(action.metadata), ...stepActionErrors(action.spec)]);

export const admitCustomRun = (run: CustomRun, old?: CustomRun): string | undefined =>
  sameSpec(run, old)
    ? undefined
    : refusal(unreadable(customRunReadings(run.spec)), () => {
        const named = metadataErrors(run.metadata);
        return named.length > 0 ? named : customRunErrors(run.spec);
      });

const resolverType = 'resolution.tekton.dev/type';

export const admitResolutionRequest = ({ metadata }: ResolutionRequest): string | undefined =>
  refusal(undefined, () => (metadata.labels?.[resolverType] ? [] : [missingField(`meta.labels.${resolverType}`)]));

export const admitTaskRun = (run: TaskRun, old?: TaskRun): string | undefined =>
  sameSpec(run, old)
    ? undefined
    : refusal(unreadable(taskRunReadings(run.spec)), () => [
        ...metadataErrors(run.metadata),
        ...pendingErrors(run, old, 'TaskRunPending'),
        ...updateErrors(run, old, taskRunDefaults, ['status', 'statusMessage']),
        ...(isKfsOwn(run) ? [] : under('spec', taskRunSpecErrors(run.spec))),
      ]);

export const admitPipelineRun = (run: PipelineRun, old?: PipelineRun): string | undefined =>
  sameSpec(run, old)
    ? undefined
    : refusal(unreadable(pipelineRunReadings(run.spec)), () => [
        ...metadataErrors(run.metadata),
        ...pendingErrors(run, old, 'PipelineRunPending'),
        ...updateErrors(run, old, pipelineRunDefaults, ['status']),
        ...(isKfsOwn(run) ? [] : under('spec', pipelineRunSpecErrors(run.spec))),
      ]);

type Run = TaskRun | PipelineRun;

const pendingErrors = (run: Run, old: Run | undefined, pending: string): Complaints =>
  run.spec.status === pending && old?.status?.startTime !== undefined
    ? [invalidValue(`${run.kind} cannot be Pending after it is started`, 'spec.status')]
    : [];

const isDone = ({ status }: Run): boolean =>
  ['True', 'False'].includes(conditionOf({ ...(status === undefined ? {} : { status }) }, 'Succeeded')?.status ?? '');

/** Nothing of a run that is over changes, and of another the `mutable` fields only. */
function updateErrors<T extends Run>(
  run: T,
  old: T | undefined,
  defaults: (run: T) => T,
  mutable: readonly string[],
): Complaints {
  if (old === undefined) return [];
  const managed =
    run.spec.managedBy === old.spec.managedBy ? [] : [invalidValue('managedBy is immutable', 'spec.managedBy')];
  const before = defaults(old).spec;
  if (isDone(old))
    return sameAsInGo(before, run.spec)
      ? managed
      : [...managed, invalidValue(`Once the ${run.kind} is complete, no updates are allowed`, 'spec')];
  const rest = (spec: object): object => {
    const free = new Set([...mutable, 'managedBy']);
    return Object.fromEntries(Object.entries(spec).filter(([field]) => !free.has(field)));
  };
  const list = mutable.join(' and ');
  return sameAsInGo(rest(before), rest(run.spec))
    ? managed
    : [...managed, invalidValue(`Once the ${run.kind} has started, only ${list} updates are allowed`, 'spec')];
}
