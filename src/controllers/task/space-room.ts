/**
 * The room of Spaces with caps: a Task starts when it is its turn, first in, first out, and what runs leaves room for it.
 * Who runs is read from the API; who waits follows from the watch of Tasks, so that ten thousand that wait are not listed for
 * each of them.
 */

import type { Client, Draft } from '../../client/client.ts';
import type { KeyedMutex } from '../../client/keyed-mutex.ts';
import { otherTaskRuns, runsOfTasks, spaceLockKey } from '../../client/space-use.ts';
import { type ConditionDraft, conditionOf, isFinal } from '../../resources/condition.ts';
import { type Need, needOf, roomFor, type SpaceLimits, waitingForSpace } from '../../resources/kf/space-limits.ts';
import { needOfTaskRun, waitsForSpace } from '../../resources/kf/space-task-runs.ts';
import type { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import { refused, waiting } from './task-conditions.ts';
import { TaskQueue } from './task-queue.ts';

export class SpaceRoom {
  readonly #client: Client;
  readonly #mutex: KeyedMutex;
  /** By namespace: the Tasks that wait here, or may be about to. */
  readonly #lines = new Map<string, TaskQueue>();

  /** @param mutex of all who give room in Spaces, so that two cannot take the same */
  constructor(client: Client, mutex: KeyedMutex) {
    this.#client = client;
    this.#mutex = mutex;
  }

  /** To be told of every Task that a watch tells of, before anything is done about it. */
  see(task: Task): void {
    if (isOver(task)) this.leave(refOf(task));
    else if (isInLine(task)) this.#enter(task);
  }

  /** Makes the run of a Task that has its turn and finds room; else tells why not. @param make may find an obstacle, too */
  enter(
    task: Task,
    run: Draft<PipelineRun>,
    limits: SpaceLimits,
    make: () => Promise<ConditionDraft | undefined>,
  ): Promise<ConditionDraft | undefined> {
    const { namespace = '' } = task.metadata;
    const need = needOf(resourcesOf(run));
    // First of all, so that whatever ends from now on wakes it.
    this.#enter(task);
    return this.#mutex.run(spaceLockKey(namespace), async () => {
      const obstacle = (await this.#obstacle(task, need, limits)) ?? (await make());
      if (obstacle?.status !== 'Unknown') this.leave(refOf(task));
      return obstacle;
    });
  }

  /** It does not wait here any more. */
  leave({ namespace = '', name }: ObjectRef): void {
    const line = this.#lines.get(namespace);
    line?.leave(name);
    if (line?.size === 0) this.#lines.delete(namespace);
  }

  /** The Task whose turn it is, of those that wait here. */
  next(namespace: string): ObjectRef | undefined {
    const first = this.#lines.get(namespace)?.first();
    return first === undefined ? undefined : { namespace, name: first.name };
  }

  #enter(task: Task): void {
    const { namespace = '', name } = task.metadata;
    const line = this.#lines.get(namespace) ?? new TaskQueue();
    this.#lines.set(namespace, line);
    line.enter(name, ageOf(task));
  }

  async #obstacle(task: Task, need: Need, limits: SpaceLimits): Promise<ConditionDraft | undefined> {
    const { namespace = '', name } = task.metadata;
    const running = await this.#running(namespace);
    running.delete(name);
    const others = await otherTaskRuns(this.#client, namespace);
    const taken = [...running.values(), ...others.withRoom.map(needOfTaskRun)];
    const room = roomFor(need, taken, limits, namespace);
    if (room.verdict === 'never') return refused('NeverFits', room.message);
    const isBehind =
      this.#isBehind(task, running) || others.all.some((run) => waitsForSpace(run) && isOlder(run, task));
    if (room.verdict === 'fits' && !isBehind) return undefined;
    const why = room.verdict === 'fits' ? [] : [room.message];
    const line = isBehind ? ['others are before it'] : [];
    return waiting(waitingForSpace, `${[...why, ...line].join('; ')}; it starts when it has its turn and room`);
  }

  #isBehind(task: Task, running: ReadonlyMap<string, Need>): boolean {
    const { namespace = '', name } = task.metadata;
    let first = this.next(namespace);
    // An event that came late has put it in line again.
    for (; first !== undefined && running.has(first.name); first = this.next(namespace)) this.leave(first);
    return first !== undefined && first.name !== name;
  }

  /** What runs takes, by the names of the Tasks. */
  async #running(namespace: string): Promise<Map<string, Need>> {
    const runs = await runsOfTasks(this.#client, namespace);
    return new Map(
      runs.map((run) => [run.metadata.labels?.[labels.task] ?? run.metadata.name, needOf(resourcesOf(run))]),
    );
  }
}

export const resourcesOf = (run: Pick<PipelineRun, 'spec'>) =>
  run.spec.pipelineSpec?.tasks?.[0]?.taskSpec?.steps?.[0]?.computeResources;

const isOlder = (run: TaskRun, task: Task): boolean =>
  (run.metadata.creationTimestamp ?? '') < (task.metadata.creationTimestamp ?? '');

const isOver = (task: Task): boolean =>
  isFinal(task) || task.spec.terminated === true || task.metadata.deletionTimestamp !== undefined;

/** Whoever waits for something else does not stand in line; a new one does, until it is known to. */
function isInLine(task: Task): boolean {
  if (task.spec.pending) return false;
  const { reason = '' } = conditionOf(task, 'Succeeded') ?? {};
  return reason === waitingForSpace || (reason === '' && task.status?.pipelineRunName === undefined);
}

/** Sorts the oldest first; Tasks of one second and one App by their numbers. */
export const ageOf = ({ metadata, status }: Task): string =>
  `${metadata.creationTimestamp} ${String(status?.id ?? 999_999_999).padStart(9, '0')} ${metadata.name}`;
