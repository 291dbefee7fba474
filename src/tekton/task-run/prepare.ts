/** From a TaskRun to what will run: its Task and StepActions are found, what it gives is checked, variables are replaced. */

import type { Client } from '../../client/client.ts';
import { type RunDefaults, withDefaultBindings } from '../../resources/tekton/defaults/configured.ts';
import { isKfsOwn } from '../../resources/tekton/kfs-own.ts';
import type { Provenance } from '../../resources/tekton/reference.ts';
import type { StepActionSpec } from '../../resources/tekton/step-action.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { StepState } from '../../resources/tekton/task-run-status.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { ResolutionError, type Waiting } from '../references/reference.ts';
import { stepActionOf, taskOf } from '../references/references.ts';
import { TaskRunFailure, UnfitTaskRun } from './failure.ts';
import { stepContainer } from './step-names.ts';
import { checkRun, type ResolvedTask, substituteTask } from './substitute.ts';

/** What is known of a run that may start. */
export interface Prepared {
  readonly state: 'ready';
  readonly task: ResolvedTask;
  /** What will run: `status.taskSpec`. */
  readonly spec: TaskSpec;
  /** Of the Task that is referred to; they go to the run and its Pod. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly provenance?: Provenance;
  /** Steps of which it is known where their StepAction came from. */
  readonly steps: readonly StepState[];
}

/** Name of the Task of a run. */
const taskLabel = 'tekton.dev/task';

/** What an earlier reconcile has found out; undefined before a Pod was made. */
export function knownSpec(run: TaskRun): TaskSpec | undefined {
  return isKfsOwn(run) ? run.spec.taskSpec : run.status?.taskSpec;
}

/** The Task as far as the run's other fields need it: its name and its params. */
export function knownTask(run: TaskRun, spec: TaskSpec): ResolvedTask {
  return { name: run.metadata.labels?.[taskLabel] ?? run.metadata.name, spec };
}

type Binding = RunDefaults['workspaceBinding'];

/**
 * @param binding of workspaces that the run leaves open
 * @throws TaskRunFailure for what is final; anything else is to be tried again
 */
export async function prepare(client: Client, run: TaskRun, binding?: Binding): Promise<Prepared | Waiting> {
  try {
    return await resolve(client, run, binding);
  } catch (error) {
    throw error instanceof ResolutionError ? new TaskRunFailure(error.reason, error.message) : error;
  }
}

async function resolve(client: Client, run: TaskRun, binding: Binding): Promise<Prepared | Waiting> {
  const { taskRef, taskSpec } = run.spec;
  if (taskSpec !== undefined)
    return ready(client, withDefaultBindings(run, taskSpec, binding), { name: run.metadata.name, spec: taskSpec }, {});
  const found = await taskOf(client, run, taskRef ?? {});
  if (found.state === 'waiting') return found;
  const { name, spec, labels, annotations, source } = found;
  const { 'kubectl.kubernetes.io/last-applied-configuration': _applied, ...notes } = annotations;
  return ready(
    client,
    withDefaultBindings(run, spec, binding),
    { name, spec },
    {
      labels: { ...labels, [taskLabel]: name },
      annotations: notes,
      ...(source === undefined ? {} : { provenance: { refSource: source } }),
    },
  );
}

async function ready(
  client: Client,
  run: TaskRun,
  task: ResolvedTask,
  origin: Partial<Pick<Prepared, 'labels' | 'annotations' | 'provenance'>>,
): Promise<Prepared | Waiting> {
  try {
    return await fitting(client, run, task, origin);
  } catch (error) {
    const known = { labels: {}, annotations: {}, ...origin, spec: task.spec };
    if (error instanceof ResolutionError)
      throw new UnfitTaskRun(new TaskRunFailure(error.reason, error.message), known);
    throw error instanceof TaskRunFailure && !isKfsOwn(run) ? new UnfitTaskRun(error, known) : error;
  }
}

/** @throws TaskRunFailure, ResolutionError */
async function fitting(
  client: Client,
  run: TaskRun,
  task: ResolvedTask,
  origin: Partial<Pick<Prepared, 'labels' | 'annotations' | 'provenance'>>,
): Promise<Prepared | Waiting> {
  const actions = new Map<number, StepActionSpec>();
  const states: StepState[] = [];
  for (const [index, step] of (task.spec.steps ?? []).entries()) {
    const name = stepContainer(step, index).replace(/^step-/, '');
    const { ref } = step;
    if (ref === undefined) continue;
    const found = await stepActionOf(client, run, { ...step, ref }, index, task.spec);
    if (found.state === 'waiting') return found;
    actions.set(index, found.spec);
    if (found.source !== undefined) states.push({ name, provenance: { refSource: found.source } });
  }
  const resolved = { ...task, actions };
  if (isKfsOwn(run)) return { state: 'ready', task: resolved, spec: task.spec, labels: {}, annotations: {}, steps: [] };
  checkRun(run, resolved);
  const spec = substituteTask(run, resolved);
  return { state: 'ready', labels: {}, annotations: {}, ...origin, task: resolved, spec, steps: states };
}
