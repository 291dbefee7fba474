/** What every command that sets a schedule says: when it runs next, and on what that depends. */

import { schedulesOf } from '../../resources/kf/job-schedules.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { refOf } from '../../resources/meta.ts';
import type { Context } from '../context.ts';
import { asRoot } from '../server/as-root.ts';
import { bootManager } from '../server/boot/boot.ts';
import { waitFor } from '../wait/observe.ts';
import { callerZone, nextRuns, runsTable } from './next-runs.ts';
import { stateOf } from './schedules.ts';

/** Runs that are announced. */
export const announced = 3;
/** Milliseconds for which the server's answer is waited for. */
const countingPatience = 2000;

export async function printSchedule(context: Context, job: TaskSchedule): Promise<void> {
  const { io } = context;
  if (stateOf(job) !== 'Scheduled') return;
  const counted = await awaitCounting(context, job);
  io.note('Next runs:');
  io.note(`  ${runsOf(context, counted, announced).trimEnd().replaceAll('\n', '\n  ')}`);
  const choice = await context.choice();
  if (choice.kind === 'embedded' && (await bootManager(choice.home)) === undefined)
    io.note(
      `Schedules run only while the server runs. To start it at boot and after a crash: ${asRoot('server enable', choice.home)}`,
    );
}

export const runsOf = (context: Context, job: TaskSchedule, count: number): string =>
  runsTable(nextRuns(job, context.clock.now(), count), job, callerZone(context.env));

/** Waits for the server to say from when `@every` counts; other schedules need no answer. */
async function awaitCounting(context: Context, job: TaskSchedule): Promise<TaskSchedule> {
  if (schedulesOf(job).every(({ schedule }) => schedule.every === undefined)) return job;
  const signal = AbortSignal.timeout(countingPatience);
  const isCounted = ({ metadata, status }: TaskSchedule): boolean =>
    status?.observedGeneration === metadata.generation && status?.countedFrom !== undefined;
  try {
    return (await waitFor(context, TaskSchedule, refOf(job), isCounted, { from: job, signal, patience: 0 })) ?? job;
  } catch {
    // The schedule is set; these are a courtesy.
    return job;
  }
}
