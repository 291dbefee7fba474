/** What a Job does next: which slots are due, which of them start, wait, or are let go. Pure. */

import { rfc3339 } from '../../client/clock.ts';
import { parseDuration } from '../../resources/duration.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import {
  clockTolerance,
  type MissedSlots,
  missedSlots,
  nextSlot,
  slotsBetween,
} from '../../resources/schedule/missed.ts';
import { schedulesOf, schedulesText } from './slots.ts';

type Status = NonNullable<TaskSchedule['status']>;
type HistoryEntry = NonNullable<Status['history']>[number];

export interface PlanInput {
  readonly job: TaskSchedule;
  /** Names of the Job's Tasks that are not final, whoever made them. */
  readonly active: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Since when nothing has stopped or skipped the clock: slots before are missed, slots after are on time. */
  readonly awakeSince: number;
}

export interface Plan {
  readonly status: Status;
  /** Tasks to terminate, so that a slot which replaces them can start. */
  readonly terminate: readonly string[];
  /** When to look again, in milliseconds since the epoch. */
  readonly next?: number;
}

/** Entries of the history that are kept. */
const mostHistory = 50;
/** Most slots on time that one look can find; more than one only where the process was held up. */
const mostOnTime = 60;

export function planJob(input: PlanInput): Plan {
  const { job, now } = input;
  const before = job.status ?? {};
  if (job.spec.suspend) return { status: suspended(before), terminate: [] };
  const { counting, clockWentBack } = countingOf(job, now);
  const until = Date.parse(counting.until);
  const scheduled = { schedules: schedulesOf(job), since: Date.parse(counting.since) };
  // A slot at the very moment of waking is on time.
  const asleepUntil = Math.min(input.awakeSince, now + 1) - 1;
  const missed = missedSlots({
    ...scheduled,
    policy: job.spec.missed ?? 'latest',
    lastSlot: until,
    now: asleepUntil,
    missedWithin: parseDuration(job.spec.missedWithin ?? ''),
  });
  const onTime = slotsBetween(scheduled, Math.max(until, asleepUntil), now, mostOnTime);
  const desk = new Desk(input, clockWentBack);
  desk.catchUp(missed);
  for (const slot of onTime) desk.take(slot);
  desk.continue();
  const dealtWith = Math.max(
    until,
    onTime.at(-1) ?? until,
    missed.run.at(-1) ?? until,
    missed.letGo.newest[0] ?? until,
  );
  const next = nextSlot(scheduled, now);
  return {
    status: {
      ...before,
      ...desk.result(),
      counting: { ...counting, until: rfc3339(dealtWith) },
      nextScheduleTime: next === undefined ? undefined : rfc3339(next),
    },
    terminate: desk.terminate,
    ...(next === undefined ? {} : { next }),
  };
}

/** A suspended Job counts nothing; what is being started is finished. */
const suspended = (before: Status): Status => ({
  ...before,
  counting: undefined,
  backlog: undefined,
  replacing: undefined,
  nextScheduleTime: undefined,
});

/** From when slots count. They start anew when the schedule was set or resumed, or the clock was set far back. */
function countingOf(
  job: TaskSchedule,
  now: number,
): { counting: NonNullable<Status['counting']>; clockWentBack: boolean } {
  const schedules = schedulesText(job);
  const known = job.status?.counting;
  const anew = { schedules, since: rfc3339(now), until: rfc3339(now) };
  if (known === undefined || known.schedules !== schedules) return { counting: anew, clockWentBack: false };
  const clockWentBack = Date.parse(known.until) - now > clockTolerance;
  return { counting: clockWentBack ? anew : known, clockWentBack };
}

/** Deals with slots one by one, keeping what the status will say. */
class Desk {
  readonly terminate: string[] = [];
  readonly #input: PlanInput;
  readonly #starting: string[];
  #backlog: string[];
  #replacing: string | undefined;
  #history: HistoryEntry[];

  constructor(input: PlanInput, clockWentBack: boolean) {
    const { status } = input.job;
    this.#input = input;
    this.#starting = [...(status?.starting ?? [])];
    this.#backlog = [...(status?.backlog ?? [])];
    this.#replacing = status?.replacing;
    this.#history = [...(status?.history ?? [])];
    if (clockWentBack)
      this.#note(
        input.now,
        'Missed',
        'ClockWentBack: the last slot lies over an hour ahead of the clock; counting starts anew',
      );
  }

  /** Slots whose time passed while nobody was awake. */
  catchUp({ run, letGo }: MissedSlots): void {
    for (const slot of letGo.newest.toReversed()) this.#note(slot, 'Missed', 'nothing ran schedules at that time');
    if (this.#input.job.spec.missed === 'all') this.#backlog.push(...run.map(rfc3339));
    else for (const slot of run) this.take(slot);
  }

  /** One slot that is due now. */
  take(slot: number): void {
    const policy = this.#input.job.spec.concurrencyPolicy ?? 'Always';
    const [running] = [...this.#input.active, ...this.#starting];
    if (policy === 'Always' || running === undefined) this.#start(rfc3339(slot));
    else if (policy === 'Forbid') this.#note(slot, 'Skipped', `Task ${running} has not ended`);
    else this.#replace(slot);
  }

  /** What waited for active Tasks to end. */
  continue(): void {
    const { active } = this.#input;
    // Said again at every look, so that a crash between the plan and its doing loses nothing.
    if (this.#replacing !== undefined) this.terminate.push(...active);
    if (active.length > 0 || this.#starting.length > 0) return;
    if (this.#replacing !== undefined) {
      this.#start(this.#replacing);
      this.#replacing = undefined;
      return;
    }
    const [head, ...rest] = this.#backlog;
    if (head === undefined) return;
    this.#backlog = rest;
    this.#start(head);
  }

  result(): Partial<Status> {
    return {
      starting: this.#starting.length === 0 ? undefined : this.#starting,
      backlog: this.#backlog.length === 0 ? undefined : this.#backlog,
      replacing: this.#replacing,
      history: this.#history.length === 0 ? undefined : this.#history.slice(0, mostHistory),
    };
  }

  /** Of slots that come due while the active Tasks end, the newest one stays. */
  #replace(slot: number): void {
    if (this.#replacing !== undefined)
      this.#note(Date.parse(this.#replacing), 'Replaced', 'a newer slot came due first');
    this.#replacing = rfc3339(slot);
  }

  #start(slot: string): void {
    if (!this.#starting.includes(slot)) this.#starting.push(slot);
  }

  #note(slot: number, outcome: HistoryEntry['outcome'], message: string): void {
    this.#history = [{ time: rfc3339(slot), outcome, message }, ...this.#history];
  }
}
