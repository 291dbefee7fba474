/** Runs Tasks: takes the number, makes the PipelineRun, passes termination on, mirrors the outcome. */

import type { Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
import {
  hasEnded,
  type LockingContext,
  mapped,
  ownedBy,
  type Result,
  type RunningController,
  startController,
} from '../../client/controller.ts';
import { getChild, getIfExists } from '../../client/get-if-exists.ts';
import { KeyedMutex } from '../../client/keyed-mutex.ts';
import type { MachineRoom } from '../../client/machine-room.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { endOfTurn } from '../../client/turns.ts';
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
import { waitingForSpace } from '../../resources/kf/space-limits.ts';
import { Task } from '../../resources/kf/task.ts';
import { currentAttempt } from '../../resources/kf/task-attempts.ts';
import { labels, userContainer } from '../../resources/labels.ts';
import { isControlledBy, type ObjectRef, refOf } from '../../resources/meta.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import { notifyFailure } from '../notify/task-failed.ts';
import { AppChanges } from './app-changes.ts';
import { AttemptRuns, type Blocked, deletedRun, runRef } from './attempt-runs.ts';
import { isRetried, nextAttempt, retryCondition, retryDelay, retryTime, withAttempt } from './attempts.ts';
import {
  commandOf,
  nextPipelineRunOf,
  pipelineRunName,
  pipelineRunOf,
  type TaskContext,
  taskRunName,
} from './pipeline-run.ts';
import { obstacleOf, refused, terminated, waiting } from './task-conditions.ts';
import { TaskNumbers } from './task-numbers.ts';
import { outcomeOf } from './task-outcome.ts';
import { servicesOf } from './task-services.ts';

type TaskStatus = NonNullable<Task['status']>;

interface Options extends LockingContext {
  /** Default: nobody is asked; who runs the Pods finds room for them. */
  readonly machine?: MachineRoom | undefined;
}

export function startTaskController(options: Options): RunningController {
  const controller = new TaskController(options);
  const running = startController({
    ...options,
    name: 'task',
    watches: [
      mapped(Task, (task) => controller.seen(task), { unfinishedOnly: true }),
      ownedBy(Task, PipelineRun, { unfinishedOnly: true }),
      // The TaskRun belongs to the PipelineRun, whose labels it bears.
      mapped(
        TaskRun,
        ({ metadata: { labels: given, namespace } }) =>
          given?.[labels.pipelineTask] === userContainer && given[labels.task] !== undefined
            ? [{ namespace: namespace!, name: given[labels.task]! }]
            : [],
        { unfinishedOnly: true },
      ),
      // Others take of the room of a Space, too.
      mapped(TaskRun, (run, gone) => (gone || isFinal(run) ? controller.nextIn(run.metadata.namespace ?? '') : []), {
        unfinishedOnly: true,
        labelSelector: `!${labels.task}`,
      }),
      mapped(App, (app, gone) => controller.waitingFor(app, gone)),
      mapped(Space, (space) => controller.nextIn(space.metadata.name)),
    ],
    async reconcile(request) {
      const result = await controller.reconcile(request);
      // The change of this Task may be what the next one of its Space waits for.
      for (const next of controller.nextIn(request.namespace ?? ''))
        if (next.name !== request.name) running.enqueue(next);
      return result;
    },
  });
  options.machine?.onChange((ref) => running.enqueue(ref));
  return running;
}

class TaskController {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #numbers: TaskNumbers;
  readonly #appChanges = new AppChanges();
  readonly #waiting = new Waiting();
  readonly #runs: AttemptRuns;

  constructor({ client, clock, machine, mutex = new KeyedMutex() }: Options) {
    this.#client = client;
    this.#clock = clock;
    this.#numbers = new TaskNumbers(client);
    this.#runs = new AttemptRuns(client, machine, mutex);
  }

  /** A Task as the watch has it, before it is reconciled. */
  seen(task: Task): readonly ObjectRef[] {
    this.#runs.room.see(task);
    return [refOf(task)];
  }

  /** Tasks that wait for something of this App, where the change matters to them. */
  waitingFor(app: App, gone: boolean): readonly ObjectRef[] {
    return this.#appChanges.matter(app, gone) ? this.#waiting.on(refOf(app)) : [];
  }

  /** The Task that is first in line for room in a Space. */
  nextIn(space: string): readonly ObjectRef[] {
    const next = this.#runs.room.next(space);
    return next === undefined ? [] : [next];
  }

  async reconcile(request: ObjectRef): Promise<Result | void> {
    const task = await getIfExists(this.#client, Task, request);
    const over = task === undefined || task.metadata.deletionTimestamp !== undefined || isFinal(task);
    if (over || task.spec.terminated) this.#runs.room.leave(request);
    if (over) {
      this.#runs.machine.leave(request);
      this.#runs.made.forget(request);
      this.#waiting.remove(request);
      return hasEnded;
    }
    // Its Job decides whether it starts.
    if (task.spec.pending && !task.spec.terminated) return;
    const run = await getChild(this.#client, PipelineRun, runRef(task, currentAttempt(task)), task);
    if (run !== undefined && isControlledBy(run, task)) {
      this.#runs.made.add(task, run.metadata.name);
      return this.#follow(task, run);
    }
    if (run === undefined || task.spec.terminated) return this.#start(task);
    return this.#blocked(task, this.#runs.blockedBy(task, run));
  }

  async #start(task: Task): Promise<Result | void> {
    const wasStarted = task.status?.pipelineRunName !== undefined;
    if (wasStarted || task.spec.terminated) {
      // This decision is final, so a stale read is not enough.
      const attempt = currentAttempt(task);
      const run = await this.#runs.certainly(task, attempt);
      if (run !== undefined) return this.#follow(task, run);
      const name = pipelineRunName(task, attempt);
      this.#runs.machine.leave(refOf(task));
      if (wasStarted) return this.#report(task, deletedRun(name));
      return this.#report(task, refused('TaskRunCancelled', `${terminated(task)} before it started`));
    }
    const appRef = { ...refOf(task), name: task.spec.appRef.name };
    this.#waiting.add(refOf(task), appRef);
    const app = await getIfExists(this.#client, App, appRef);
    if (app === undefined || app.metadata.deletionTimestamp !== undefined)
      return this.#reportObstacle(
        task,
        waiting('AppNotFound', `App "${task.spec.appRef.name}" does not exist: push it, or terminate this Task`),
      );
    const numbered = await this.#numbers.take(task, app);
    if (numbered === undefined) return;
    const obstacle = obstacleOf(numbered, app);
    if (obstacle !== undefined) return this.#reportObstacle(numbered, obstacle);
    return this.#createRun(numbered, app);
  }

  /** Reports why it cannot start, and gives back the room that it was granted. */
  #reportObstacle(task: Task, condition: ConditionDraft): Promise<void> {
    this.#runs.machine.leave(refOf(task));
    return this.#report(task, condition);
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
    const blocked = await this.#runs.create(task, pipelineRunOf(task, context), space);
    if (blocked !== undefined) return this.#blocked(task, blocked);
    this.#waiting.remove(refOf(task));
    await endOfTurn();
    await this.#report(task, waiting('Started', 'the PipelineRun was made'), {
      image: context.image,
      ...withAttempt(task, { pipelineRunName: pipelineRunName(task, 1) }, undefined, false),
    });
  }

  async #follow(task: Task, run: PipelineRun): Promise<Result | void> {
    if (task.spec.terminated && !isFinal(run)) await this.#runs.cancel(task, run);
    const finished = isFinal(run);
    const taskRun = await this.#runs.taskRunOf(task, run);
    const started = { pipelineRunName: run.metadata.name, image: imageOf(run), ...servicesOf(run) };
    const { condition: said, fields } =
      taskRun === undefined ? { condition: runCondition(run), fields: {} } : outcomeOf(taskRun);
    // A stale read may have asked for room once more.
    if (fields.startTime !== undefined) this.#runs.machine.leave(refOf(task));
    const condition = said.reason === 'TaskRunCancelled' ? { ...said, message: terminated(task) } : said;
    // Final only with the PipelineRun, so that a final Task leaves nothing of itself running.
    if (condition.status !== 'Unknown' && !finished) return;
    if (isKnown(task, run, condition)) return;
    const all = { ...started, ...fields };
    if (isRetried(task, condition, all)) return this.#retry(task, run, condition, all);
    const ended = condition.status === 'Unknown' ? undefined : condition;
    await this.#report(task, condition, withAttempt(task, all, ended, ended !== undefined));
  }

  /** The attempt has ended and another one may follow: waits for its time, then makes it. */
  async #retry(
    task: Task,
    run: PipelineRun,
    ended: ConditionDraft,
    fields: Partial<TaskStatus>,
  ): Promise<Result | void> {
    const attempt = currentAttempt(task);
    const due = retryTime(task);
    if (task.spec.terminated) {
      // This decision is final, so a stale status is not enough.
      const next = await this.#runs.certainly(task, attempt + 1);
      if (next !== undefined) return this.#begun(task, next.metadata.name);
      const condition =
        due === undefined ? ended : refused('TaskRunCancelled', `${terminated(task)} between two attempts`);
      return this.#report(task, condition, withAttempt(task, fields, ended, true));
    }
    const now = this.#clock.now();
    const delay = retryDelay(task, attempt);
    // Further away than the delay: the clock was set back.
    if (due === undefined || due > now + delay) {
      const at = now + delay;
      await this.#report(task, retryCondition(task, ended, at), {
        ...withAttempt(task, fields, ended, false),
        nextAttemptTime: new Date(at).toISOString(),
      });
      return { requeueAfter: delay };
    }
    if (due > now) {
      // A late event has put it into the queue again, before others.
      this.#runs.room.leave(refOf(task));
      return { requeueAfter: due - now };
    }
    const draft = nextPipelineRunOf(task, run, attempt + 1);
    const space = await getIfExists(this.#client, Space, { name: task.metadata.namespace ?? '' });
    const blocked = await this.#runs.create(task, draft, space);
    if (blocked !== undefined) return this.#blocked(task, blocked);
    return this.#begun(task, draft.metadata.name!);
  }

  /** The next attempt's PipelineRun is there. */
  #begun(task: Task, name: string): Promise<void> {
    return this.#report(task, waiting('Started', 'the PipelineRun was made'), nextAttempt(task, name));
  }

  async #blocked(task: Task, { condition, again }: Blocked): Promise<Result | void> {
    // Only its turn matters now: who waits needs not look at every change of its App.
    if (condition.reason !== waitingForSpace) this.#waiting.remove(refOf(task));
    if (condition.reason !== '') await this.#report(task, condition);
    return again;
  }

  async #report(task: Task, condition: ConditionDraft, fields: Partial<TaskStatus> = {}): Promise<void> {
    // A Task that waits for something else must not block the queue of its Space.
    if (condition.reason !== waitingForSpace) this.#runs.room.leave(refOf(task));
    const now = rfc3339(this.#clock.now());
    const message = condition.message === '' ? undefined : condition.message;
    const status = {
      ...task.status,
      ...fields,
      message,
      ...(condition.status === 'Unknown'
        ? {}
        : { nextAttemptTime: undefined, completionTime: fields.completionTime ?? task.status?.completionTime ?? now }),
      observedGeneration: task.metadata.generation,
      conditions: mergeConditions(task.status?.conditions, [condition, happyCondition('Succeeded', [condition])], now),
    };
    await notifyFailure(this.#client, { ...task, status }, condition, now);
    await writeStatus(this.#client, Task, task, status);
  }
}

/** `Started` says no more than that the run was made: writing it again would only cost every watcher. */
const isKnown = (task: Task, run: PipelineRun, { status, reason }: ConditionDraft): boolean =>
  status === 'Unknown' && reason === 'Started' && task.status?.pipelineRunName === run.metadata.name;

/** What is known of a run whose TaskRun is not there. */
function runCondition(run: PipelineRun): ConditionDraft {
  const { status, reason, message = '' } = conditionOf(run, 'Succeeded') ?? {};
  if (status === 'True') return { type: 'TaskRunReady', status };
  if (status === 'False' && reason === 'Cancelled') return refused('TaskRunCancelled', message);
  if (status === 'False' && run.status?.childReferences?.length)
    return refused('TaskRunDeleted', `the TaskRun "${taskRunName(run)}" was deleted`);
  if (status === 'False') return refused(reason ?? 'Failed', message);
  return waiting(reason ?? 'Started', message);
}

const imageOf = (run: PipelineRun): string | undefined =>
  run.spec.pipelineSpec?.tasks?.[0]?.taskSpec?.steps?.[0]?.image;
