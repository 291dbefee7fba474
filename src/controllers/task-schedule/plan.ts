/** What a Job does next: which slots are due, which of them start, wait, or are let go. Pure. */

import { rfc3339 } from '../../client/clock.ts';
import { parseDuration } from '../../resources/duration.ts';
import { missedSlots, nextSlot, slotsBetween } from '../../resources/schedule/missed.ts';
import { countedFromOf, countingOf } from './counting.ts';
import { RunDecisions, type RunDecisionsInput, type Status } from './run-decisions.ts';

export interface PlanInput extends RunDecisionsInput {
  /** Since when nothing has stopped or skipped the clock: slots before are missed, slots after are on time. */
  readonly awakeSince: number;
}

export interface Plan {
  readonly status: Status;
  /** Runs to terminate, so that what replaces them can start. */
  readonly terminate: readonly string[];
  /** When to look again, in milliseconds since the epoch. */
  readonly next?: number;
}

/** Most slots on time that one look can find; more than one only where the process was held up. */
const mostOnTime = 60;

export function planJob(input: PlanInput): Plan {
  const { job, now } = input;
  if (job.spec.suspend) return planSuspended(input);
  const counting = countingOf(job, now);
  const { schedules, until } = counting;
  // A slot at the very moment of waking is on time.
  const asleepUntil = Math.min(input.awakeSince, now + 1) - 1;
  const missed = missedSlots({
    schedules,
    policy: job.spec.missed ?? 'latest',
    lastSlot: until,
    now: asleepUntil,
    missedWithin: parseDuration(job.spec.missedWithin ?? ''),
  });
  const onTime = slotsBetween(schedules, Math.max(until, asleepUntil), now, mostOnTime);
  const decisions = new RunDecisions(input);
  if (counting.clockWentBack) decisions.clockWentBack();
  decisions.catchUp(missed);
  decisions.take(onTime, input.pending);
  decisions.continue();
  const dealtWith = Math.max(
    until,
    onTime.at(-1) ?? until,
    missed.run.at(-1) ?? until,
    missed.letGo.newest[0] ?? until,
  );
  const next = nextSlot(schedules, now);
  return {
    status: {
      ...job.status,
      ...decisions.result(),
      countedFrom: countedFromOf(counting),
      countedUntil: rfc3339(dealtWith),
      nextScheduleTime: next === undefined ? undefined : rfc3339(next),
    },
    terminate: decisions.terminate,
    ...(next === undefined ? {} : { next }),
  };
}

/** A suspended Job counts nothing; what is being started is finished, and what is asked for by hand is run. */
function planSuspended(input: PlanInput): Plan {
  const { backlog: _, replacing: __, ...status } = input.job.status ?? {};
  const decisions = new RunDecisions({ ...input, job: { ...input.job, status } });
  decisions.take([], input.pending);
  decisions.continue();
  return {
    status: {
      ...status,
      ...decisions.result(),
      countedFrom: undefined,
      countedUntil: undefined,
      nextScheduleTime: undefined,
    },
    terminate: decisions.terminate,
  };
}
