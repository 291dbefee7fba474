/** Decides which slots and manual runs of a Job start, wait or are refused, by its concurrency policy, one by one. Pure. */

import { rfc3339 } from '../../client/clock.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import type { MissedSlots } from '../../resources/schedule/missed.ts';

export type Status = NonNullable<TaskSchedule['status']>;
type HistoryEntry = NonNullable<Status['history']>[number];
type Decision = NonNullable<Status['decided']>[number];

/** A run that somebody asked for: it exists, and waits to be let start or refused. */
export interface PendingRun {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface RunDecisionsInput {
  readonly job: TaskSchedule;
  /** Names of the Job's runs that may have started and are not final, whoever made them. */
  readonly active: readonly string[];
  readonly pending: readonly PendingRun[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Entries of the history that are kept. */
const mostHistory = 50;

export class RunDecisions {
  /** Runs to terminate, so that what replaces them can start. */
  readonly terminate: string[] = [];
  readonly #input: RunDecisionsInput;
  readonly #starting: string[];
  readonly #decided: Decision[];
  #backlog: string[];
  #replacing: string | undefined;
  #replacingRun: string | undefined;
  #history: HistoryEntry[];

  constructor(input: RunDecisionsInput) {
    const { status = {} } = input.job;
    this.#input = input;
    this.#starting = [...(status.starting ?? [])];
    this.#decided = [...(status.decided ?? [])];
    this.#backlog = [...(status.backlog ?? [])];
    this.#replacing = status.replacing;
    // One that was deleted or terminated meanwhile replaces nothing.
    this.#replacingRun = input.pending.find(({ name }) => name === status.replacingRun)?.name;
    this.#history = [...(status.history ?? [])];
  }

  clockWentBack(): void {
    this.#note(
      this.#input.now,
      'Missed',
      'ClockWentBack: the last slot lies over an hour ahead of the clock; counting starts anew',
    );
  }

  /** Slots whose time passed while the server was down or suspended. */
  catchUp({ run, letGo }: MissedSlots): void {
    const unlisted = letGo.count - letGo.newest.length;
    const others = unlisted === 0 ? '' : `; so were ${letGo.more ? 'more than ' : ''}${unlisted} before it`;
    for (const [index, slot] of letGo.newest.toReversed().entries())
      this.#note(slot, 'Missed', `nothing ran schedules at that time${index === 0 ? others : ''}`);
    if (this.#input.job.spec.missed === 'all') this.#backlog.push(...run.map(rfc3339));
    else this.take(run);
  }

  /** Slots that are due, and what was asked for by hand: in the order of time, a slot before a run of its second. */
  take(slots: readonly number[], runs: readonly PendingRun[] = []): void {
    const waiting = runs.filter(({ name }) => name !== this.#replacingRun && !this.#isDecided(name));
    const arrivals = [
      ...slots.map((slot) => ({ at: slot, take: () => this.#takeSlot(slot) })),
      ...waiting.map((run) => ({ at: run.createdAt, take: () => this.#takeRun(run) })),
    ];
    for (const { take } of arrivals.sort((a, b) => a.at - b.at)) take();
  }

  /** Starts what waited for the active runs to end. */
  continue(): void {
    const { active } = this.#input;
    const waits = this.#replacing !== undefined || this.#replacingRun !== undefined;
    // Repeated at every reconcile, so that a crash between the plan and its execution loses nothing.
    if (waits) this.terminate.push(...active);
    if (this.#running() !== undefined) return;
    if (this.#replacing !== undefined) this.#start(this.#replacing);
    if (this.#replacingRun !== undefined) this.#decided.push({ name: this.#replacingRun });
    this.#replacing = this.#replacingRun = undefined;
    if (waits) return;
    const [head, ...rest] = this.#backlog;
    if (head === undefined) return;
    this.#backlog = rest;
    this.#start(head);
  }

  result(): Partial<Status> {
    const some = <T>(list: readonly T[]): readonly T[] | undefined => (list.length === 0 ? undefined : list);
    return {
      starting: some(this.#starting),
      decided: some(this.#decided),
      backlog: some(this.#backlog),
      replacing: this.#replacing,
      replacingRun: this.#replacingRun,
      history: some(this.#history.slice(0, mostHistory)),
    };
  }

  #takeSlot(slot: number): void {
    const policy = this.#input.job.spec.concurrencyPolicy ?? 'Always';
    const running = this.#running();
    if (policy === 'Always' || running === undefined) this.#start(rfc3339(slot));
    else if (policy === 'Forbid') this.#note(slot, 'Skipped', notEnded(running));
    else {
      this.#giveWay();
      this.#replacing = rfc3339(slot);
    }
  }

  #takeRun(run: PendingRun): void {
    const policy = this.#input.job.spec.concurrencyPolicy ?? 'Always';
    const running = this.#running();
    if (policy === 'Always' || running === undefined) this.#decided.push({ name: run.name });
    else if (policy === 'Forbid') this.#refuse(run, 'Skipped', notEnded(running));
    else {
      this.#giveWay();
      this.#replacingRun = run.name;
    }
  }

  /** Name or slot of a run that is active or about to start. */
  #running(): string | undefined {
    const admitted = this.#decided.find(({ refused }) => refused === undefined);
    return this.#input.active[0] ?? this.#starting[0] ?? admitted?.name;
  }

  /** While the active runs end only the newest replacement is kept. */
  #giveWay(): void {
    const why = 'a newer run came first';
    if (this.#replacing !== undefined) this.#note(Date.parse(this.#replacing), 'Replaced', why);
    const run = this.#input.pending.find(({ name }) => name === this.#replacingRun);
    if (run !== undefined) this.#refuse(run, 'Replaced', why);
    this.#replacing = this.#replacingRun = undefined;
  }

  #isDecided(name: string): boolean {
    return this.#decided.some((decision) => decision.name === name);
  }

  #start(slot: string): void {
    if (!this.#starting.includes(slot)) this.#starting.push(slot);
  }

  #refuse({ name, createdAt }: PendingRun, outcome: HistoryEntry['outcome'], message: string): void {
    this.#decided.push({ name, refused: message });
    this.#note(createdAt, outcome, message, name);
  }

  #note(at: number, outcome: HistoryEntry['outcome'], message: string, run?: string): void {
    const entry = { time: rfc3339(at), outcome, message, ...(run === undefined ? {} : { run }) };
    this.#history = [entry, ...this.#history];
  }
}

/** A slot that is starting has no name of a Task yet. */
const notEnded = (running: string): string =>
  running.includes(':') ? `slot ${running} is starting` : `Task ${running} has not ended`;
