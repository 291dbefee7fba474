/**
 * Runs with the same `kf.dev/concurrency-key` wait for each other: as many as the limit says run at a time, in the order
 * in which they were made. TaskRuns and PipelineRuns of a namespace stand in one line. Whether one starts is decided one after
 * the other, from what the server itself says; that it has started is written before the next is decided about.
 */

import type { AnyKind, Client } from '../../client/client.ts';
import type { KeyedMutex } from '../../client/keyed-mutex.ts';
import { Waiting } from '../../client/waiting.ts';
import { isFinal } from '../../resources/condition.ts';
import { labels } from '../../resources/labels.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import { behind, type Place } from './place.ts';

type Run = TaskRun | PipelineRun;

const kinds: readonly AnyKind[] = [PipelineRun, TaskRun];

export class ConcurrencyLine {
  readonly #client: Client;
  readonly #mutex: KeyedMutex;
  /** The runs of this kind that wait, by the queue that they wait in. */
  readonly #waiting = new Waiting();

  /** @param mutex of all who decide about these runs */
  constructor(client: Client, mutex: KeyedMutex) {
    this.#client = client;
    this.#mutex = mutex;
  }

  /** Whom the end of a run wakes, as a watch tells of it. */
  wokenBy(run: Run, gone: boolean): readonly ObjectRef[] {
    if (run.metadata.labels?.[labels.concurrencyKey] === undefined || (!gone && !isFinal(run))) return [];
    return this.#waiting.on(lineOf(run));
  }

  /**
   * Why a run must not start yet; undefined where it may, or has no key, or has started.
   * @param begin writes that it has started (`status.startTime`); called where it has a key and its turn
   */
  async obstacle(run: Run, begin: () => Promise<void>): Promise<string | undefined> {
    const key = run.metadata.labels?.[labels.concurrencyKey];
    if (key === undefined || hasStarted(run)) return undefined;
    // Before anything is read, so that no end is missed.
    this.#waiting.add(refOf(run), lineOf(run));
    return this.#mutex.run(`${run.metadata.namespace}/${key}`, async () => {
      const ahead = behind(await this.#line(run, key), run.metadata.uid ?? '', limitOf(run));
      if (ahead.length > 0) return messageOf(ahead, key, limitOf(run));
      await begin();
      this.#waiting.remove(refOf(run));
      return undefined;
    });
  }

  async #line(run: Run, key: string): Promise<readonly Place[]> {
    const { namespace = '' } = run.metadata;
    const labelSelector = `${labels.concurrencyKey}=${key}`;
    const all = await Promise.all(
      kinds.map(async (kind) => {
        const { items } = await this.#client.list(kind, {
          namespace,
          labelSelector,
          unfinishedOnly: true,
          consistent: true,
        });
        return (items as readonly Run[]).filter((one) => !isFinal(one) && !isHeldBack(one)).map(placeOf);
      }),
    );
    return all.flat();
  }
}

/** A key's line, named in its namespace as an object would be. */
const lineOf = (run: Run): ObjectRef => ({ ...refOf(run), name: run.metadata.labels?.[labels.concurrencyKey] ?? '' });

/** At least 1; what is no number says nothing. */
function limitOf({ metadata }: Run): number {
  const text = metadata.labels?.[labels.concurrencyLimit] ?? '';
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1;
}

/** A pending run does not count: it starts only when its user lets it. */
const isHeldBack = (run: Run): boolean =>
  (run.spec.status === 'PipelineRunPending' || run.spec.status === 'TaskRunPending') && !hasStarted(run);

const hasStarted = ({ status }: Run): boolean => status?.startTime !== undefined || retries(status) > 0;

const retries = (status: Run['status']): number =>
  ((status ?? {}) as { readonly retriesStatus?: readonly unknown[] }).retriesStatus?.length ?? 0;

const placeOf = (run: Run): Place => ({
  uid: run.metadata.uid ?? '',
  name: `${run.kind} "${run.metadata.name}"`,
  hasStarted: hasStarted(run),
  created: run.metadata.creationTimestamp ?? '',
});

/** Names of runs that a message tells. */
const most = 3;

function messageOf(ahead: readonly Place[], key: string, limit: number): string {
  const names = ahead.slice(0, most).map(({ name }) => name);
  const more = ahead.length > most ? ` and ${ahead.length - most} more` : '';
  const many = limit === 1 ? '1 runs' : `${limit} run`;
  return `WaitingForTurn: waits for ${names.join(', ')}${more}: of those with ${labels.concurrencyKey} "${key}" ${many} at a time`;
}
