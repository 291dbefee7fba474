/** Makes the Pod of an attempt, and what must be there before it. */

import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { getFromServer } from '../../client/get-if-exists.ts';
import { LimitRange } from '../../resources/core/limit-range.ts';
import { Pod } from '../../resources/core/pod.ts';
import { jsonEqual } from '../../resources/json.ts';
import { refOf } from '../../resources/meta.ts';
import { isAlreadyExists, isForbidden, isInvalid } from '../../resources/status.ts';
import { type RunDefaults, withDefaultBindings } from '../../resources/tekton/defaults/configured.ts';
import { isKfsOwn } from '../../resources/tekton/kfs-own.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { substitutePodTemplate } from '../variables/pod-template.ts';
import { makeClaims } from '../workspaces/claims.ts';
import { attemptOf, podName } from './attempt.ts';
import { withRequestsOf, withResourcesOf } from './compute-resources.ts';
import { TaskRunFailure } from './failure.ts';
import { type PodParts, podOf } from './pod.ts';
import type { Prepared } from './prepare.ts';
import { credentialsOf, tellOfMissing } from './run-credentials.ts';
import { bindingsOf, runVariables } from './substitute.ts';

export interface Made {
  /** With the Task's labels and annotations. */
  readonly run: TaskRun;
  /** It, made now or by an earlier try whose answer was lost; or what stands in its place. */
  readonly pod: Pod;
}

/** Of the server's settings, what the Pod of a run gets where nothing else is said. */
export type PodDefaults = Pick<
  RunDefaults,
  'workspaceBinding' | 'resources' | 'credentials' | 'imagePullBackOffTimeout'
>;

interface MakePodOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly podDefaults: PodDefaults;
}

/** @throws TaskRunFailure for what the server refuses */
export async function makePod(
  { client, clock, podDefaults: { workspaceBinding, resources = {}, credentials } }: MakePodOptions,
  given: TaskRun,
  prepared: Prepared,
): Promise<Made> {
  const run = withDefaultBindings(await withMetaOfTask(client, given, prepared), prepared.spec, workspaceBinding);
  await claims(client, run);
  try {
    const parts = await partsOf(client, run, prepared, credentials);
    const pod = podOf(run, parts);
    const missing = parts.credentials?.missing;
    if (missing !== undefined) await tellOfMissing(client, run, missing, clock.now());
    if (isKfsOwn(run)) return { run, pod: await client.create(Pod, pod) };
    const sized = withResourcesOf(pod, resources);
    return { run, pod: await client.create(Pod, withRequestsOf(sized, await limitRangesOf(client, run))) };
  } catch (error) {
    if (isInvalid(error) || isForbidden(error)) throw refused(run, error.message);
    if (!isAlreadyExists(error)) throw error;
    const pod = await getFromServer(client, Pod, { ...refOf(run), name: podName(run, attemptOf(run)) });
    if (pod === undefined) throw error;
    return { run, pod };
  }
}

async function limitRangesOf(
  client: Client,
  { metadata: { namespace = '' } }: TaskRun,
): Promise<readonly LimitRange[]> {
  return (await client.list(LimitRange, { namespace })).items;
}

async function partsOf(
  client: Client,
  run: TaskRun,
  { task, spec }: Prepared,
  hasCredentials: boolean | undefined,
): Promise<PodParts> {
  if (isKfsOwn(run)) return { spec };
  checkOnError(run, spec);
  const credentials = await credentialsOf(client, run, hasCredentials);
  const variables = runVariables(run, task);
  const { podTemplate } = run.spec;
  return {
    spec,
    bindings: bindingsOf(run, variables),
    ...(credentials === undefined ? {} : { credentials }),
    ...(podTemplate === undefined ? {} : { podTemplate: substitutePodTemplate(podTemplate, variables) }),
  };
}

/** Checks `onError` after params were substituted. @throws TaskRunFailure */
function checkOnError(run: TaskRun, { steps = [] }: TaskSpec): void {
  const wrong = steps.find(({ onError = '' }) => !['', 'continue', 'stopAndFail'].includes(onError));
  if (wrong !== undefined)
    throw refused(
      run,
      `translating TaskSpec to Pod: task step onError must be either "continue" or "stopAndFail" but it is set to an invalid value "${wrong.onError}"`,
    );
}

/** The run bears the labels and annotations of its Task; its own win. */
export async function withMetaOfTask(
  client: Client,
  run: TaskRun,
  { labels, annotations }: Pick<Prepared, 'labels' | 'annotations'>,
): Promise<TaskRun> {
  const { metadata } = run;
  const wanted = {
    labels: { ...labels, ...metadata.labels },
    annotations: { ...annotations, ...metadata.annotations },
  };
  if (jsonEqual(wanted.labels, metadata.labels ?? {}) && jsonEqual(wanted.annotations, metadata.annotations ?? {}))
    return run;
  return client.patch(TaskRun, refOf(run), { type: 'merge', body: { metadata: wanted } });
}

async function claims(client: Client, run: TaskRun): Promise<void> {
  try {
    await makeClaims(client, run.spec.workspaces, run);
  } catch (error) {
    if (!isInvalid(error)) throw error;
    const { namespace = '', name } = run.metadata;
    throw new TaskRunFailure(
      'CouldntCreateWorkspacePVC',
      `failed to create PVC for TaskRun ${namespace}/${name} workspaces correctly: ${error.message}`,
    );
  }
}

function refused(run: TaskRun, why: string): TaskRunFailure {
  const { namespace = '', name } = run.metadata;
  const { taskRef } = run.spec;
  const hint =
    taskRef === undefined ? 'invalid TaskSpec' : `missing or invalid Task ${namespace}/${taskRef.name ?? ''}`;
  return new TaskRunFailure('PodCreationFailed', `failed to create task run pod "${name}": ${why}. Maybe ${hint}`);
}
