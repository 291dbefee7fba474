/** The runs of one Job in the API: read, made, let start, ended, removed. */

import type { AnyKind, Client, ListOptions } from '../../client/client.ts';
import { getFromServer, getIfExists } from '../../client/get-if-exists.ts';
import { isFinal } from '../../resources/condition.ts';
import {
  admission,
  isHeld,
  isTerminating,
  type JobRun,
  type JobRunKind,
  jobOfRun,
  runKindOf,
  termination,
} from '../../resources/kf/job-run.ts';
import { Space } from '../../resources/kf/space.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import { isAlreadyExists, isNotFound } from '../../resources/status.ts';
import { expired } from '../retention/expired.ts';
import { usualLimits } from '../retention/retention-controller.ts';
import { slotRunOf } from './slot-run.ts';

export class JobRuns {
  readonly #client: Client;
  readonly #job: TaskSchedule;
  readonly #kind: JobRunKind & AnyKind;

  constructor(client: Client, job: TaskSchedule) {
    this.#client = client;
    this.#job = job;
    this.#kind = runKindOf(job) as JobRunKind & AnyKind;
  }

  /**
   * What runs, waits for a decision, or has ended since the status was written. A run that the status knows of and the
   * list lacks is asked for; and where somebody waits for a decision, so are those that seem to run.
   */
  async current(): Promise<readonly JobRun[]> {
    const job = this.#job;
    const { items } = await this.#list();
    const listed = items.filter((run) => jobOfRun(run) !== undefined);
    const known = new Set(listed.map((run) => run.metadata.name));
    const { active = [], replacingRun } = job.status ?? {};
    const named = [...active.map(({ name }) => name), ...(replacingRun === undefined ? [] : [replacingRun])];
    const policy = job.spec.concurrencyPolicy ?? 'Always';
    const decides = policy !== 'Always' && listed.some((run) => isPending(job, run));
    const doubtful = decides ? listed.filter((run) => isUnderway(job, run)) : [];
    const asked = new Set([...named.filter((name) => !known.has(name)), ...doubtful.map((run) => run.metadata.name)]);
    const found: readonly (JobRun | undefined)[] = await Promise.all(
      [...asked].map((name) => getFromServer(this.#client, this.#kind, this.#ref(name))),
    );
    return [...listed.filter(({ metadata }) => !asked.has(metadata.name)), ...found.filter((run) => run !== undefined)];
  }

  /** Makes the run of a slot. @returns its name */
  async start(slot: number): Promise<string> {
    const draft = slotRunOf(this.#job, slot);
    try {
      await this.#client.create<AnyKind>(this.#kind, draft);
    } catch (error) {
      // Made before a crash, or by an attempt whose answer was lost: the name is the lock.
      if (!isAlreadyExists(error)) throw error;
    }
    return draft.metadata.name!;
  }

  /** Lets a pending run start. */
  admit(name: string): Promise<void> {
    return this.#patch(name, admission(this.#kind));
  }

  /** What was never let start leaves nothing but its line in the history. */
  async refuse(name: string): Promise<void> {
    const run: JobRun | undefined = await getIfExists(this.#client, this.#kind, this.#ref(name));
    if (run !== undefined && isHeld(run)) await this.#delete(run);
  }

  /** Has a run ended for one that replaces it. */
  terminate(name: string): Promise<void> {
    const metadata = { annotations: { [annotations.changedBy]: `Job ${this.#job.metadata.name}, which replaces it` } };
    return this.#patch(name, { metadata, ...termination(this.#kind) });
  }

  /** Removes the oldest beyond what the Space keeps. Tasks go with their App's; other runs have none. */
  async trim(): Promise<void> {
    if (this.#kind.kind === 'Task') return;
    const space = await getIfExists(this.#client, Space, { name: this.#job.metadata.namespace! });
    const most = space?.spec?.taskConfig?.retention?.maxTasks ?? usualLimits.tasks;
    const { items } = await this.#client.listMetadata(this.#kind, this.#own);
    if (items.length <= most) return;
    const unfinished = await this.#list();
    const stay = new Set(unfinished.items.filter((run) => !isFinal(run)).map(({ metadata }) => metadata.uid));
    for (const { name } of expired(items, most, ({ uid }) => !stay.has(uid))) {
      const run: JobRun | undefined = await getIfExists(this.#client, this.#kind, this.#ref(name));
      // The two lists are of two moments.
      if (run !== undefined && isFinal(run)) await this.#delete(run);
    }
  }

  #list(): Promise<{ readonly items: readonly JobRun[] }> {
    return this.#client.list<AnyKind>(this.#kind, { ...this.#own, unfinishedOnly: true });
  }

  get #own(): ListOptions {
    const { namespace, name, uid } = this.#job.metadata;
    return {
      namespace: namespace!,
      ...(uid === undefined ? {} : { ownedBy: uid }),
      labelSelector: `${labels.jobOwner}=${name}`,
    };
  }

  #ref(name: string): ObjectRef {
    return { ...refOf(this.#job), name };
  }

  /** Does nothing where the run is gone. */
  async #patch(name: string, body: object): Promise<void> {
    try {
      await this.#client.patch(this.#kind, this.#ref(name), { type: 'merge', body });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #delete(run: JobRun): Promise<void> {
    try {
      await this.#client.delete(this.#kind, refOf(run), { preconditions: { uid: run.metadata.uid! } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** Whether a run may not start: its Job has not let it, or not told it yet. */
const isWithheld = ({ status }: TaskSchedule, run: JobRun): boolean =>
  isHeld(run) && !(status?.active ?? []).some(({ name }) => name === run.metadata.name);

/** Withheld, and still wanted. */
export const isPending = (job: TaskSchedule, run: JobRun): boolean =>
  isWithheld(job, run) && !isFinal(run) && !isTerminating(run) && run.metadata.deletionTimestamp === undefined;

/** It may have started, and has not ended. */
export const isUnderway = (job: TaskSchedule, run: JobRun): boolean => !isFinal(run) && !isWithheld(job, run);
