/**
 * What there is to tell of a Job: slots that were not run, recoveries, successes that did not come, and failures of runs
 * that are no Tasks (those are told of by the task controller). Pure.
 */

import { rfc3339 } from '../../client/clock.ts';
import { silenceOf } from '../../resources/kf/notify.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';

type Status = NonNullable<TaskSchedule['status']>;
type Told = NonNullable<Status['told']>;
export type Telling = NonNullable<Told['telling']>[number];
type HistoryEntry = NonNullable<Status['history']>[number];

export interface JobEventsInput {
  readonly job: TaskSchedule;
  /** Which events somebody wants to hear of. */
  readonly wants: (event: Telling['event']) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface JobEvents {
  /** Undefined when there has never been anything to tell. */
  readonly told: Told | undefined;
  /** When `expectEvery` will have passed, in milliseconds since the epoch. */
  readonly next?: number;
}

export function jobEvents(input: JobEventsInput): JobEvents {
  const { job, wants } = input;
  const before = job.status?.told ?? {};
  const notRun = newSlots(input, before);
  const recovery = recoveryOf(job, before);
  const expectation = expectationOf(input, before);
  const found = [...notRun.telling, ...recovery.telling, ...expectation.telling];
  const telling = [...(before.telling ?? []), ...found.filter(({ event }) => wants(event))];
  const told = {
    ...notRun.told,
    ...recovery.told,
    ...(expectation.expected === undefined ? {} : { expected: expectation.expected }),
    ...(telling.length === 0 ? {} : { telling }),
  };
  return {
    told: Object.keys(told).length === 0 ? undefined : told,
    ...(expectation.next === undefined ? {} : { next: expectation.next }),
  };
}

const nameOf = ({ outcome, time }: HistoryEntry): string => `${outcome} ${time}`;

/** Entries of the history since the last look: one event for all missed slots, one for all skipped ones. */
function newSlots({ job, now }: JobEventsInput, before: Told): { told: Pick<Told, 'history'>; telling: Telling[] } {
  // Whoever ran a Job by hand was told himself.
  const history = (job.status?.history ?? []).filter(({ run }) => run === undefined);
  const known = history.findIndex((entry) => nameOf(entry) === before.history);
  const fresh = known < 0 ? history : history.slice(0, known);
  const newest = history[0] === undefined ? before.history : nameOf(history[0]);
  const event = (event: 'missed' | 'skipped', outcomes: readonly HistoryEntry['outcome'][]): Telling[] => {
    const slots = fresh.filter(({ outcome }) => outcomes.includes(outcome));
    if (slots.length === 0) return [];
    return [
      {
        event,
        key: slots.map(nameOf).join(),
        time: rfc3339(now),
        message: slots.length === 1 ? (slots[0]!.message ?? '') : `${slots.length} slots`,
        slots: slots.map(({ time, message }) => ({ time, ...(message === undefined ? {} : { message }) })),
      },
    ];
  };
  return {
    told: newest === undefined ? {} : { history: newest },
    telling: [...event('missed', ['Missed']), ...event('skipped', ['Skipped', 'Replaced'])],
  };
}

/** The first success after a failure, and a failure itself where no Task tells of it. */
function recoveryOf(
  { spec, status = {} }: TaskSchedule,
  before: Told,
): { told: Pick<Told, 'failing' | 'recoveredFrom'>; telling: Telling[] } {
  const { lastSuccess, lastFailure } = status;
  const isNew =
    lastFailure !== undefined &&
    !terminated.includes(lastFailure.reason ?? '') &&
    lastFailure.name !== before.recoveredFrom &&
    lastFailure.name !== before.failing?.name;
  const failing = isNew ? { name: lastFailure.name, time: lastFailure.time } : before.failing;
  const failed: Telling[] = isNew && spec.taskTemplate === undefined ? [failureOf(lastFailure)] : [];
  const recoveredFrom = before.recoveredFrom === undefined ? {} : { recoveredFrom: before.recoveredFrom };
  if (failing === undefined) return { told: recoveredFrom, telling: [] };
  if (lastSuccess === undefined || timeOf(lastSuccess) <= timeOf(failing))
    return { told: { ...recoveredFrom, failing }, telling: failed };
  return {
    told: { recoveredFrom: failing.name },
    telling: [
      ...failed,
      {
        event: 'recovered',
        key: failing.name,
        time: lastSuccess.time ?? '',
        task: lastSuccess.name,
        message: `succeeded after the failure of ${failing.name}`,
      },
    ],
  };
}

/** What a person, or the concurrency policy, has terminated is no failure. */
const terminated: readonly string[] = ['TaskRunCancelled', 'Cancelled'];

const failureOf = ({ name, time = '', reason }: NonNullable<Status['lastFailure']>): Telling => ({
  event: 'failed',
  key: name,
  time,
  task: name,
  ...(reason === undefined ? {} : { message: reason }),
});

const timeOf = ({ time = '' }: { readonly time?: string }): number => Date.parse(time) || 0;

/** The silence since the last success, or since the expectation was set or the Job resumed. */
function expectationOf(
  { job, wants, now }: JobEventsInput,
  before: Told,
): { expected: Told['expected']; telling: Telling[]; next?: number } {
  const every = job.spec.expectEvery;
  if (every === undefined || job.spec.suspend) return { expected: undefined, telling: [] };
  const known = before.expected?.every === every ? before.expected : { every, since: rfc3339(now) };
  const { overdue, ...counting } = known;
  const { deadline, quietSince } = silenceOf(job, known.since, every);
  if (now < deadline) return { expected: counting, telling: [], next: deadline };
  // Not noted as reported where nobody asked for it, so that it is reported once somebody does.
  if (overdue === rfc3339(deadline) || !wants('expected')) return { expected: known, telling: [] };
  return {
    expected: { ...counting, overdue: rfc3339(deadline) },
    telling: [
      {
        event: 'expected',
        key: rfc3339(deadline),
        time: rfc3339(now),
        message: `no success for ${every}, since ${rfc3339(quietSince)}`,
      },
    ],
  };
}
