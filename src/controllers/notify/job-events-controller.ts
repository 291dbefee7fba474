/** Makes the Notifications of Jobs. */

import type { AnyKind, Client } from '../../client/client.ts';
import {
  type ControllerContext,
  itself,
  mapped,
  type Result,
  type RunningController,
  startController,
} from '../../client/controller.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { runKindOf } from '../../resources/kf/job-run.ts';
import type { Notify } from '../../resources/kf/notify.ts';
import { Space } from '../../resources/kf/space.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import { createNotification } from './create-notification.ts';
import { jobEvents, type Telling } from './job-events.ts';
import { targetOf, wants } from './target.ts';
import { taskFacts } from './task-failed.ts';

/** Milliseconds after which a waiting expectation is looked at again in any case: timers stand still while a machine sleeps. */
const longestSleep = 5 * 60_000;

export function startJobEventsController(options: ControllerContext): RunningController {
  return startController({
    ...options,
    name: 'job-events',
    watches: [
      itself(TaskSchedule),
      // A Space that begins to listen hears of Jobs that are overdue already.
      mapped(Space, ({ metadata }) => [{ name: metadata.name }]),
    ],
    reconcile: (request) => reconcile(options, request),
  });
}

/** @param request a Job, or without a namespace a Space, whose Jobs are all looked at */
async function reconcile(options: ControllerContext, request: ObjectRef): Promise<Result | void> {
  const { client } = options;
  if (request.namespace !== undefined) {
    const job = await getIfExists(client, TaskSchedule, request);
    return job === undefined ? undefined : reconcileJob(options, job);
  }
  const { items } = await client.list(TaskSchedule, { namespace: request.name });
  for (const job of items) if (job.spec.expectEvery !== undefined) await reconcileJob(options, job);
}

async function reconcileJob({ client, clock }: ControllerContext, job: TaskSchedule): Promise<Result | void> {
  if (job.metadata.deletionTimestamp !== undefined) return;
  const target = await targetFor(client, job);
  const now = clock.now();
  const { told, next } = jobEvents({ job, now, wants: (event) => wants(target, event) });
  // Written before anything is made: a stale read conflicts here, and a crash afterwards goes on from here.
  const { told: _, ...status } = job.status ?? {};
  const planned =
    told === undefined && job.status?.told === undefined
      ? job
      : await writeStatus(client, TaskSchedule, job, { ...status, ...(told === undefined ? {} : { told }) });
  await tell(client, planned);
  return next === undefined ? undefined : { requeueAfter: Math.min(Math.max(0, next - now), longestSleep) };
}

/** Only a Job about which there may be something to tell needs to know to whom. */
async function targetFor(client: Client, job: TaskSchedule): Promise<Notify | undefined> {
  const { history, lastFailure } = job.status ?? {};
  if (history === undefined && lastFailure === undefined && job.spec.expectEvery === undefined) return undefined;
  return targetOf(client, job.metadata.namespace ?? '', job.metadata.name);
}

async function tell(client: Client, job: TaskSchedule): Promise<void> {
  const { telling = [], ...told } = job.status?.told ?? {};
  if (telling.length === 0) return;
  for (const one of telling) await notifyOne(client, job, one);
  await writeStatus(client, TaskSchedule, job, { ...job.status, told });
}

async function notifyOne(client: Client, job: TaskSchedule, telling: Telling): Promise<void> {
  const { event, key, time, message, slots } = telling;
  const run =
    telling.task === undefined
      ? undefined
      : await getIfExists<AnyKind>(client, runKindOf(job), { ...refOf(job), name: telling.task });
  const facts = run === undefined ? undefined : taskFacts(run);
  await createNotification(client, {
    namespace: job.metadata.namespace ?? '',
    subject: job.metadata.name,
    key: `${job.metadata.uid}\0${key}`,
    spec: {
      event,
      time,
      ...(job.spec.taskTemplate === undefined ? {} : { app: job.spec.taskTemplate.appRef.name }),
      job: job.metadata.name,
      ...(facts === undefined ? {} : { task: facts }),
      ...(message === undefined || message === '' ? {} : { message }),
      ...(slots === undefined ? {} : { slots }),
    },
  });
}
