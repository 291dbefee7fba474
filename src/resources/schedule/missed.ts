/** Slots of a Job: which come next, and which to run of those whose time passed while nothing ran schedules. */

import { firesBetween, nextFire } from './fire-times.ts';
import { minute, type Schedule } from './schedule.ts';

export interface ZonedSchedule {
  readonly schedule: Schedule;
  /** IANA zone, unless the schedule has its own. */
  readonly timeZone: string;
}

/** All times are milliseconds since the epoch. A slot is a minute: schedules that fire in the same one share it. */
export interface CountedSchedule extends ZonedSchedule {
  /** When it was set or resumed. Nothing up to it is a slot; `@every` counts from it. */
  readonly since: number;
}

export interface MissedQuestion {
  readonly schedules: readonly CountedSchedule[];
  /** `latest` runs the newest over all schedules, `skip` none, `all` the newest 100. */
  readonly policy: 'latest' | 'skip' | 'all';
  /** The newest slot that got its outcome: ran, or was missed, skipped or replaced. */
  readonly lastSlot: number;
  readonly now: number;
  /** Milliseconds; older slots are let go whatever the policy. Default: no limit. */
  readonly missedWithin?: number;
}

export interface MissedSlots {
  /** To be run one after the other, oldest first. */
  readonly run: readonly number[];
  /** Missed for good. */
  readonly letGo: {
    /** At most 1000; there are `more` beyond it. */
    readonly count: number;
    readonly more: boolean;
    /** Newest first, at most 50. */
    readonly newest: readonly number[];
  };
}

/** Most slots that `all` catches up with. */
const mostCaughtUp = 100;

const mostCounted = 1000;
const mostListed = 50;

/** What to do about slots in (lastSlot, now], which have no outcome yet. Throws a RangeError for an unknown zone. */
export function missedSlots(question: MissedQuestion): MissedSlots {
  const { schedules, lastSlot, now } = question;
  // With one more than can be run and counted, whether there are more is known.
  const found = slotsBetween(schedules, lastSlot, now, mostCounted + mostCaughtUp + 1);
  const run = toRun(question, found);
  const running = new Set(run);
  const letGo = found.filter((slot) => !running.has(slot));
  const count = Math.min(letGo.length, mostCounted);
  const more = letGo.length > mostCounted;
  return { run, letGo: { count, more, newest: letGo.toReversed().slice(0, mostListed) } };
}

/** The first slot after an instant, over all schedules; undefined when none comes. Throws a RangeError for an unknown zone. */
export function nextSlot(schedules: readonly CountedSchedule[], after: number): number | undefined {
  const fires = schedules.map(({ schedule, timeZone, since }) =>
    nextFire(schedule, { timeZone, since }, Math.max(after, since)),
  );
  const found = fires.filter((fire) => fire !== undefined);
  return found.length === 0 ? undefined : slotOf(Math.min(...found));
}

/** Slots in (after, upTo], ascending; of many only the newest. Throws a RangeError for an unknown zone. */
export function slotsBetween(
  schedules: readonly CountedSchedule[],
  after: number,
  upTo: number,
  newest: number,
): readonly number[] {
  const slots = new Set<number>();
  for (const { schedule, timeZone, since } of schedules)
    for (const fire of firesBetween(schedule, { timeZone, since }, Math.max(after, since), upTo, { newest }))
      slots.add(slotOf(fire));
  return [...slots].sort((a, b) => a - b).slice(-newest);
}

/** The slot that an instant belongs to: its minute. */
export const slotOf = (at: number): number => Math.floor(at / minute) * minute;

function toRun(question: MissedQuestion, found: readonly number[]): readonly number[] {
  const { policy, now, missedWithin = Number.POSITIVE_INFINITY } = question;
  const young = (slot: number): boolean => now - slot <= missedWithin;
  if (policy === 'all') return found.filter(young).slice(-mostCaughtUp);
  return policy === 'latest' ? found.slice(-1).filter(young) : [];
}
