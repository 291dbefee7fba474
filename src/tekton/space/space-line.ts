/**
 * TaskRuns that are nobody's Task keep to the caps of their Space, as Tasks do: one starts when what runs leaves room for
 * it and nobody before it waits. Who waits is woken by the end of whatever runs there.
 */

import type { Client } from '../../client/client.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { conditionOf, isFinal } from '../../resources/condition.ts';
import { Space } from '../../resources/kf/space.ts';
import { type Need, needOf, roomFor, type SpaceLimits } from '../../resources/kf/space-limits.ts';
import { hasRoom, needOfTaskRun, waitingForSpace, waitsForSpace } from '../../resources/kf/space-task-runs.ts';
import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import type { ObjectRef } from '../../resources/meta.ts';
import { isKfsOwn } from '../../resources/tekton/kfs-own.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';

export class SpaceLine {
  readonly #client: Client;
  /** Names of TaskRuns that wait here, by namespace. */
  readonly #waiting = new Map<string, Set<string>>();
  /** Those that were let go, until a list shows their Pods. */
  readonly #admitted = new Map<string, Map<string, Need>>();
  /** The last question per namespace: two at once could take the same room. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Whom the end of a run wakes, as a watch tells of it. */
  wokenBy(run: TaskRun | PipelineRun, gone: boolean): readonly ObjectRef[] {
    return gone || isFinal(run) ? this.waitingIn(run.metadata.namespace ?? '') : [];
  }

  waitingIn(namespace: string): readonly ObjectRef[] {
    return [...(this.#waiting.get(namespace) ?? [])].map((name) => ({ namespace, name }));
  }

  /** Why a TaskRun that has no Pod yet must wait; `never` where it does not fit even alone. */
  async obstacle(
    run: TaskRun,
    spec: TaskSpec,
  ): Promise<{ readonly message: string; readonly never: boolean } | undefined> {
    const { namespace = '' } = run.metadata;
    if (isKfsOwn(run)) return undefined;
    const limits = (await getIfExists(this.#client, Space, { name: namespace }))?.spec?.taskConfig?.limits;
    if (limits === undefined) {
      this.#leave(run);
      return undefined;
    }
    // Before anything is read, so that no end is missed.
    this.#enter(run);
    return this.#inTurn(namespace, () => this.#look(run, spec, limits));
  }

  async #look(run: TaskRun, spec: TaskSpec, limits: SpaceLimits) {
    const { namespace = '', name } = run.metadata;
    const { items } = await this.#client.list(TaskRun, { namespace, unfinishedOnly: true });
    const others = items.filter((one) => one.metadata.name !== name && !isFinal(one) && !isKfsOwn(one));
    const need = needOfTaskRun({ ...run, spec: { ...run.spec, taskSpec: spec } });
    const taken = [...(await this.#tasks(namespace)), ...this.#runs(namespace, others)];
    const room = roomFor(need, taken, limits, namespace);
    if (room.verdict === 'never') return this.#refuse(run, room.message);
    const isBehind = others.some((one) => waitsForSpace(one) && isOlder(one, run)) || (await this.#isBehindTask(run));
    if (room.verdict === 'fits' && !isBehind) {
      this.#leave(run);
      const admitted = this.#admitted.get(namespace) ?? new Map<string, Need>();
      this.#admitted.set(namespace, admitted.set(name, need));
      return undefined;
    }
    const why = [...(room.verdict === 'fits' ? [] : [room.message]), ...(isBehind ? ['others are before it'] : [])];
    return {
      message: `${waitingForSpace}: ${why.join('; ')}; it starts when it has its turn and room`,
      never: false,
    };
  }

  #refuse(run: TaskRun, message: string) {
    this.#leave(run);
    return { message, never: true };
  }

  /** What TaskRuns take that have their Pods, or were let go just now. */
  #runs(namespace: string, others: readonly TaskRun[]): readonly Need[] {
    const admitted = this.#admitted.get(namespace) ?? new Map<string, Need>();
    const shown = others.filter(hasRoom);
    for (const { metadata } of shown) admitted.delete(metadata.name);
    const there = new Set(others.map(({ metadata }) => metadata.name));
    for (const name of [...admitted.keys()]) if (!there.has(name)) admitted.delete(name);
    return [...shown.map(needOfTaskRun), ...admitted.values()];
  }

  /** What Tasks take that run. */
  async #tasks(namespace: string): Promise<readonly Need[]> {
    const { items } = await this.#client.list(PipelineRun, {
      namespace,
      labelSelector: `${labels.component}=task,${labels.task}`,
      unfinishedOnly: true,
    });
    return items
      .filter((run) => !isFinal(run))
      .map(({ spec }) => needOf(spec.pipelineSpec?.tasks?.[0]?.taskSpec?.steps?.[0]?.computeResources));
  }

  async #isBehindTask(run: TaskRun): Promise<boolean> {
    const { namespace = '' } = run.metadata;
    const { items } = await this.#client.list(Task, { namespace, unfinishedOnly: true });
    return items.some((task) => conditionOf(task, 'Succeeded')?.reason === waitingForSpace && isOlder(task, run));
  }

  #enter({ metadata: { namespace = '', name } }: TaskRun): void {
    this.#waiting.set(namespace, (this.#waiting.get(namespace) ?? new Set<string>()).add(name));
  }

  #leave({ metadata: { namespace = '', name } }: TaskRun): void {
    this.#waiting.get(namespace)?.delete(name);
    if (this.#waiting.get(namespace)?.size === 0) this.#waiting.delete(namespace);
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
}

const isOlder = (one: TaskRun | Task, other: TaskRun): boolean =>
  (one.metadata.creationTimestamp ?? '') < (other.metadata.creationTimestamp ?? '');
