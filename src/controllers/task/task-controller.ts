/** Runs Tasks: takes the number, makes the PipelineRun, passes termination on, mirrors the outcome. */

import type { Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
import {
  itself,
  mapped,
  ownedBy,
  type Result,
  type RunningController,
  soon,
  startController,
} from '../../client/controller.ts';
import { getChild, getFromServer, getIfExists } from '../../client/get-if-exists.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { Waiting } from '../../client/waiting.ts';
import {
  type ConditionDraft,
  conditionOf,
  happyCondition,
  isFinal,
  mergeConditions,
} from '../../resources/condition.ts';
import { App } from '../../resources/kf/app.ts';
import { Space } from '../../resources/kf/space.ts';
import { Task } from '../../resources/kf/task.ts';
import { annotations, labels, userContainer } from '../../resources/labels.ts';
import { isControlledBy, isLeftoverOf, type ObjectRef, refOf } from '../../resources/meta.ts';
import { isAlreadyExists, isInvalid } from '../../resources/status.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import { commandOf, pipelineRunName, pipelineRunOf, type TaskContext, taskRunName } from './pipeline-run.ts';
import { TaskNumbers } from './task-numbers.ts';
import { outcomeOf } from './task-outcome.ts';

interface Options {
  readonly client: Client;
  readonly clock: Clock;
  readonly onError?: (message: string, error: unknown) => void;
}

/** What a Task waits for, or why it ended without a TaskRun. */
const waiting = (reason: string, message: string): ConditionDraft => ({
  type: 'TaskRunReady',
  status: 'Unknown',
  reason,
  message,
});
const refused = (reason: string, message: string): ConditionDraft => ({
  type: 'TaskRunReady',
  status: 'False',
  reason,
  message,
});

export function startTaskController(options: Options): RunningController {
  const controller = new TaskController(options);
  return startController({
    ...options,
    name: 'task',
    watches: [
      itself(Task, { unfinishedOnly: true }),
      ownedBy(Task, PipelineRun, { unfinishedOnly: true }),
      // The TaskRun belongs to the PipelineRun; its label leads to the Task, whose name the PipelineRun bears.
      mapped(
        TaskRun,
        ({ metadata }) =>
          metadata.labels?.[labels.pipelineTask] === userContainer && metadata.labels[labels.pipelineRun] !== undefined
            ? [{ ...refOf({ apiVersion: '', kind: '', metadata }), name: metadata.labels[labels.pipelineRun]! }]
            : [],
        { unfinishedOnly: true },
      ),
      mapped(App, (app) => controller.waitingFor(app)),
    ],
    reconcile: (request) => controller.reconcile(request),
  });
}

export class TaskController {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #numbers: TaskNumbers;
  readonly #waiting = new Waiting();

  constructor({ client, clock }: Options) {
    this.#client = client;
    this.#clock = clock;
    this.#numbers = new TaskNumbers(client);
  }

  /** Tasks that wait for something of this App. */
  waitingFor(app: App): readonly ObjectRef[] {
    return this.#waiting.on(refOf(app));
  }

  async reconcile(request: ObjectRef): Promise<Result | void> {
    const task = await getIfExists(this.#client, Task, request);
    if (task === undefined || task.metadata.deletionTimestamp !== undefined || isFinal(task)) {
      this.#waiting.remove(request);
      return;
    }
    const run = await getChild(this.#client, PipelineRun, runRef(task), task);
    if (run !== undefined && isControlledBy(run, task)) return this.#follow(task, run);
    if (run === undefined || task.spec.terminated) return this.#start(task);
    return this.#wayBlocked(task, run);
  }

  /** What bears the name of our PipelineRun is not ours. */
  async #wayBlocked(task: Task, run: PipelineRun): Promise<Result | void> {
    const { name } = run.metadata;
    if (!isLeftoverOf(run, task))
      return this.#report(task, refused('NotOwned', `There is an existing PipelineRun "${name}" that we do not own.`));
    await this.#report(task, waiting('WaitingForCleanup', `an earlier Task "${name}" is not gone yet`));
    return soon;
  }

  async #start(task: Task): Promise<Result | void> {
    const wasStarted = task.status?.pipelineRunName !== undefined;
    if (wasStarted || task.spec.terminated) {
      // Decides for good, so a read that lags is not enough.
      const run = await getFromServer(this.#client, PipelineRun, runRef(task));
      if (run !== undefined && isControlledBy(run, task)) return this.#follow(task, run);
      if (wasStarted)
        return this.#report(
          task,
          refused('PipelineRunDeleted', `the PipelineRun "${pipelineRunName(task)}" was deleted`),
        );
      return this.#report(task, refused('TaskRunCancelled', 'terminated before it started'));
    }
    const appRef = { ...refOf(task), name: task.spec.appRef.name };
    this.#waiting.add(refOf(task), appRef);
    const app = await getIfExists(this.#client, App, appRef);
    if (app === undefined || app.metadata.deletionTimestamp !== undefined)
      return this.#report(
        task,
        waiting('AppNotFound', `App "${task.spec.appRef.name}" does not exist: push it, or terminate this Task`),
      );
    const numbered = await this.#numbers.take(task, app);
    if (numbered === undefined) return;
    const obstacle = obstacleOf(numbered, app);
    if (obstacle !== undefined) return this.#report(numbered, obstacle);
    return this.#createRun(numbered, app);
  }

  async #createRun(task: Task, app: App): Promise<Result | void> {
    const space = await getIfExists(this.#client, Space, { name: task.metadata.namespace ?? '' });
    const context: TaskContext = {
      app,
      space,
      id: task.status?.id ?? 0,
      image: app.status?.image ?? '',
      command: commandOf(task, app) ?? {},
    };
    try {
      await this.#client.create(PipelineRun, pipelineRunOf(task, context));
    } catch (error) {
      if (isInvalid(error)) return this.#report(task, refused('TemplateError', error.message));
      if (!isAlreadyExists(error)) throw error;
      // Made before, and our read lagged; unless it is somebody else's.
      const run = await getFromServer(this.#client, PipelineRun, runRef(task));
      if (run === undefined) throw error;
      if (!isControlledBy(run, task)) return this.#wayBlocked(task, run);
    }
    this.#waiting.remove(refOf(task));
    await this.#report(task, waiting('Started', 'the PipelineRun was made'), {
      image: context.image,
      pipelineRunName: pipelineRunName(task),
    });
  }

  async #follow(task: Task, run: PipelineRun): Promise<void> {
    if (task.spec.terminated && !isFinal(run)) await this.#cancel(task, run);
    const finished = isFinal(run);
    const taskRun = await this.#taskRunOf(task, run, finished);
    const started = { pipelineRunName: run.metadata.name, image: imageOf(run) };
    if (taskRun === undefined) {
      const condition = conditionOf(run, 'Succeeded');
      const reason = condition?.reason === 'Cancelled' ? 'TaskRunCancelled' : (condition?.reason ?? 'Failed');
      const draft: ConditionDraft = finished
        ? condition?.status === 'True'
          ? { type: 'TaskRunReady', status: 'True' }
          : refused(reason, condition?.message ?? '')
        : waiting(condition?.reason ?? 'Started', condition?.message ?? '');
      return this.#report(task, draft, started);
    }
    const outcome = outcomeOf(taskRun);
    // Final only with the PipelineRun, so that a final Task leaves nothing of itself running.
    const condition =
      finished || outcome.condition.status === 'Unknown'
        ? outcome.condition
        : waiting('Ending', outcome.condition.message ?? '');
    await this.#report(task, condition, { ...started, ...outcome.fields });
  }

  /** Once the run is final its TaskRun decides, so then the server itself says whether there is one. */
  async #taskRunOf(task: Task, run: PipelineRun, finished: boolean): Promise<TaskRun | undefined> {
    const ref = { ...refOf(task), name: taskRunName(task) };
    const known = await getChild(this.#client, TaskRun, ref, run);
    const taskRun = known === undefined && finished ? await getFromServer(this.#client, TaskRun, ref) : known;
    return taskRun !== undefined && isControlledBy(taskRun, run) ? taskRun : undefined;
  }

  async #cancel(task: Task, run: PipelineRun): Promise<void> {
    const grace = task.spec.gracePeriodSeconds?.toString();
    const graceChanged = grace !== undefined && run.metadata.annotations?.[annotations.gracePeriod] !== grace;
    if (run.spec.status === 'Cancelled' && !graceChanged) return;
    await this.#client.patch(PipelineRun, refOf(run), {
      type: 'merge',
      body: {
        metadata: graceChanged ? { annotations: { [annotations.gracePeriod]: grace } } : {},
        spec: { status: 'Cancelled' },
      },
    });
  }

  async #report(
    task: Task,
    condition: ConditionDraft,
    fields: Partial<NonNullable<Task['status']>> = {},
  ): Promise<void> {
    const now = rfc3339(this.#clock.now());
    const message = condition.message === '' ? undefined : condition.message;
    await writeStatus(this.#client, Task, task, {
      ...task.status,
      ...fields,
      message,
      ...(condition.status === 'Unknown'
        ? {}
        : { completionTime: fields.completionTime ?? task.status?.completionTime ?? now }),
      observedGeneration: task.metadata.generation,
      conditions: mergeConditions(task.status?.conditions, [condition, happyCondition('Succeeded', [condition])], now),
    });
  }
}

const runRef = (task: Task): ObjectRef => ({ ...refOf(task), name: pipelineRunName(task) });

/** What keeps a Task from starting, or undefined. Only facts are final; what may still come is waited for. */
function obstacleOf(task: Task, app: App): ConditionDraft | undefined {
  if (app.status?.image === undefined) {
    const build = conditionOf(app, 'BuildReady');
    const upToDate = app.status?.observedGeneration === app.metadata.generation;
    if (build?.status === 'False' && upToDate)
      return refused('BuildFailed', `the App has no image: ${build.message ?? 'its build failed'}`);
    return waiting('WaitingForBuild', `the first build of App "${app.metadata.name}" has not ended`);
  }
  if (commandOf(task, app) === undefined) return refused('NoStartCommand', 'Start command not found on App or Task');
  return undefined;
}

const imageOf = (run: PipelineRun): string | undefined =>
  run.spec.pipelineSpec?.tasks?.[0]?.taskSpec?.steps?.[0]?.image;
