/**
 * TaskRuns that are nobody's Task keep to the caps of their Space, as Tasks do: one starts when what runs leaves room for
 * it and nobody before it waits. Who waits is woken by the end of whatever runs there.
 */

import type { Client } from '../../client/client.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import type { KeyedMutex } from '../../client/keyed-mutex.ts';
import { otherTaskRuns, runsOfTasks, spaceLockKey } from '../../client/space-use.ts';
import { Waiting } from '../../client/waiting.ts';
import { conditionOf, isFinal } from '../../resources/condition.ts';
import { Space } from '../../resources/kf/space.ts';
import { needOf, roomFor, type SpaceLimits, waitingForSpace } from '../../resources/kf/space-limits.ts';
import { needOfTaskRun, waitsForSpace } from '../../resources/kf/space-task-runs.ts';
import { Task } from '../../resources/kf/task.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import { isKfsOwn } from '../../resources/tekton/kfs-own.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';

export interface NoRoom {
  readonly message: string;
  /** It does not fit even alone. */
  readonly never: boolean;
}

export class SpaceLine {
  readonly #client: Client;
  readonly #mutex: KeyedMutex;
  /** TaskRuns for their Spaces. */
  readonly #waiting = new Waiting();

  /** @param mutex of all who give room in Spaces */
  constructor(client: Client, mutex: KeyedMutex) {
    this.#client = client;
    this.#mutex = mutex;
  }

  /** Whom the end of a run wakes, as a watch tells of it. */
  wokenBy(run: TaskRun | PipelineRun, gone: boolean): readonly ObjectRef[] {
    return gone || isFinal(run) ? this.waitingIn(run.metadata.namespace ?? '') : [];
  }

  waitingIn(namespace: string): readonly ObjectRef[] {
    return this.#waiting.on({ name: namespace });
  }

  /** Has the Pod made of a TaskRun that has its turn and finds room; else tells why not. */
  async enter<T>(run: TaskRun, spec: TaskSpec, make: () => Promise<T>): Promise<{ full?: NoRoom; made?: T }> {
    const { namespace = '' } = run.metadata;
    const limits = isKfsOwn(run)
      ? undefined
      : (await getIfExists(this.#client, Space, { name: namespace }))?.spec?.taskConfig?.limits;
    if (limits === undefined) {
      this.#waiting.remove(refOf(run));
      return { made: await make() };
    }
    // Before anything is read, so that no end is missed.
    this.#waiting.add(refOf(run), { name: namespace });
    return this.#mutex.run(spaceLockKey(namespace), async () => {
      const full = await this.#obstacle(run, spec, limits);
      const made = full === undefined ? { made: await make() } : { full };
      if (full === undefined || full.never) this.#waiting.remove(refOf(run));
      return made;
    });
  }

  async #obstacle(run: TaskRun, spec: TaskSpec, limits: SpaceLimits): Promise<NoRoom | undefined> {
    const { namespace = '', uid } = run.metadata;
    const isOther = ({ metadata }: TaskRun): boolean => metadata.uid !== uid;
    const others = await otherTaskRuns(this.#client, namespace);
    const taken = [...(await this.#tasks(namespace)), ...others.withRoom.filter(isOther).map(needOfTaskRun)];
    const need = needOfTaskRun({ ...run, spec: { ...run.spec, taskSpec: spec } });
    const room = roomFor(need, taken, limits, namespace);
    if (room.verdict === 'never') return { message: room.message, never: true };
    const isBehind =
      others.all.some((one) => isOther(one) && waitsForSpace(one) && isBefore(one, run)) ||
      (await this.#isBehindTask(run));
    if (room.verdict === 'fits' && !isBehind) return undefined;
    const why = [...(room.verdict === 'fits' ? [] : [room.message]), ...(isBehind ? ['others are before it'] : [])];
    return {
      message: `${waitingForSpace}: ${why.join('; ')}; it starts when it has its turn and room`,
      never: false,
    };
  }

  /** What the running Tasks use. */
  async #tasks(namespace: string) {
    const runs = await runsOfTasks(this.#client, namespace);
    return runs.map(({ spec }) => needOf(spec.pipelineSpec?.tasks?.[0]?.taskSpec?.steps?.[0]?.computeResources));
  }

  async #isBehindTask(run: TaskRun): Promise<boolean> {
    const { namespace = '' } = run.metadata;
    const { items } = await this.#client.list(Task, { namespace, unfinishedOnly: true });
    return items.some((task) => conditionOf(task, 'Succeeded')?.reason === waitingForSpace && isOlder(task, run));
  }
}

/** Between Tasks and TaskRuns of one second neither is before the other: each kind has an order of its own. */
const isOlder = (one: Task | TaskRun, other: TaskRun): boolean =>
  (one.metadata.creationTimestamp ?? '') < (other.metadata.creationTimestamp ?? '');

const isBefore = (one: TaskRun, other: TaskRun): boolean =>
  isOlder(one, other) || (!isOlder(other, one) && (one.metadata.uid ?? '') < (other.metadata.uid ?? ''));
