/**
 * The room of Spaces with caps: a Task starts when it is its turn, first in, first out, and what runs leaves room for it.
 * Who runs and who waits is read from the API; kept in memory is only what reads may not show yet.
 */

import type { Client, Draft } from '../../client/client.ts';
import { getFromServer } from '../../client/get-if-exists.ts';
import { type ConditionDraft, conditionOf, isFinal } from '../../resources/condition.ts';
import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { waitingForRetry } from './attempts.ts';
import { type Need, needOf, roomFor, type SpaceLimits } from './space-limits.ts';
import { refused, waiting } from './task-conditions.ts';

/** The reason of a Task for which its Space has no room. */
export const waitingForSpace = 'WaitingForSpace';
/** Whoever waits for something else does not stand in line. */
const elsewhere = ['AppNotFound', 'WaitingForBuild', 'WaitingForServices', 'WaitingForCleanup', waitingForRetry];

export class SpaceRoom {
  readonly #client: Client;
  /** The last request per namespace: Tasks of one Space take turns, so that two cannot take the same room. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Runs that were made here and that no list has shown yet, by namespace and name. */
  readonly #made = new Map<string, Map<string, Need>>();
  /** The ages of Tasks that wait here, by namespace and name. */
  readonly #waiting = new Map<string, Map<string, string>>();

  constructor(client: Client) {
    this.#client = client;
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
    keep(this.#waiting, namespace, task.metadata.name, ageOf(task));
    return this.#inTurn(namespace, async () => {
      const obstacle = (await this.#obstacle(task, need, limits)) ?? (await make());
      if (obstacle === undefined) keep(this.#made, namespace, run.metadata.name!, need);
      if (obstacle?.status !== 'Unknown') this.leave(refOf(task));
      return obstacle;
    });
  }

  /** It does not wait here any more. */
  leave({ namespace = '', name }: ObjectRef): void {
    const here = this.#waiting.get(namespace);
    if (here?.delete(name) && here.size === 0) this.#waiting.delete(namespace);
  }

  /** The Task whose turn it is, of those that wait here. */
  next(namespace: string): ObjectRef | undefined {
    let first: { readonly name: string; readonly age: string } | undefined;
    for (const [name, age] of this.#waiting.get(namespace) ?? [])
      if (first === undefined || age < first.age) first = { name, age };
    return first === undefined ? undefined : { namespace, name: first.name };
  }

  async #inTurn<T>(namespace: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(namespace) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(work);
    this.#turns.set(namespace, mine);
    try {
      return await mine;
    } finally {
      if (this.#turns.get(namespace) === mine) this.#turns.delete(namespace);
    }
  }

  async #obstacle(task: Task, need: Need, limits: SpaceLimits): Promise<ConditionDraft | undefined> {
    const { namespace = '', name } = task.metadata;
    const running = await this.#running(namespace);
    running.delete(name);
    const room = roomFor(need, [...running.values()], limits, namespace);
    if (room.verdict === 'never') return refused('NeverFits', room.message);
    const { items } = await this.#client.list(Task, { namespace, unfinishedOnly: true });
    const age = ageOf(task);
    const isBehind = items.some((other) => isInLine(other) && !running.has(other.metadata.name) && ageOf(other) < age);
    if (room.verdict === 'fits' && !isBehind) return undefined;
    const why = room.verdict === 'fits' ? [] : [room.message];
    const others = isBehind ? ['others are before it'] : [];
    return waiting(waitingForSpace, `${[...why, ...others].join('; ')}; it starts when it has its turn and room`);
  }

  /** What runs takes, by the names of the Tasks. */
  async #running(namespace: string): Promise<Map<string, Need>> {
    const { items } = await this.#client.list(PipelineRun, {
      namespace,
      labelSelector: `${labels.component}=task,${labels.task}`,
      unfinishedOnly: true,
    });
    const made = this.#made.get(namespace);
    const runs = items.filter((run) => !isFinal(run));
    for (const run of runs) made?.delete(run.metadata.name);
    for (const name of made?.keys() ?? []) {
      const run = await getFromServer(this.#client, PipelineRun, { namespace, name });
      if (run === undefined || isFinal(run)) made?.delete(name);
      else runs.push(run);
    }
    if (made?.size === 0) this.#made.delete(namespace);
    return new Map(
      runs.map((run) => [run.metadata.labels?.[labels.task] ?? run.metadata.name, needOf(resourcesOf(run))]),
    );
  }
}

export const resourcesOf = (run: Pick<PipelineRun, 'spec'>) =>
  run.spec.pipelineSpec?.tasks?.[0]?.taskSpec?.steps?.[0]?.computeResources;

function isInLine(task: Task): boolean {
  if (isFinal(task) || task.spec.terminated || task.spec.pending || task.metadata.deletionTimestamp !== undefined)
    return false;
  const { reason = '' } = conditionOf(task, 'Succeeded') ?? {};
  if (reason === waitingForSpace) return true;
  return task.status?.pipelineRunName === undefined && !elsewhere.includes(reason);
}

/** Sorts the oldest first; Tasks of one second and one App by their numbers. */
export const ageOf = ({ metadata, status }: Task): string =>
  `${metadata.creationTimestamp} ${String(status?.id ?? 999_999_999).padStart(9, '0')} ${metadata.name}`;

function keep<T>(all: Map<string, Map<string, T>>, namespace: string, name: string, value: T): void {
  const some = all.get(namespace) ?? new Map<string, T>();
  some.set(name, value);
  all.set(namespace, some);
}
