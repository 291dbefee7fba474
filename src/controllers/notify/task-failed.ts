/** Tells of a Task that has failed. Called before the Task becomes final, so that a crash in between loses nothing. */

import type { Client } from '../../client/client.ts';
import type { ConditionDraft } from '../../resources/condition.ts';
import type { Notification } from '../../resources/kf/notification.ts';
import type { Task } from '../../resources/kf/task.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { createNotification } from './create-notification.ts';
import { targetOf, wants } from './target.ts';

/**
 * @param task with the status that it will end with
 * @param now RFC 3339
 */
export async function notifyFailure(client: Client, task: Task, condition: ConditionDraft, now: string): Promise<void> {
  // Terminated by a person, or replaced by its Job: whoever did it knows.
  if (condition.status !== 'False' || condition.reason === 'TaskRunCancelled') return;
  const { namespace = '', name } = task.metadata;
  const job = task.metadata.labels?.[labels.jobOwner];
  if (!wants(await targetOf(client, namespace, job), 'failed')) return;
  const slot = task.metadata.annotations?.[annotations.scheduledTime];
  await createNotification(client, {
    namespace,
    subject: name,
    key: task.metadata.uid ?? '',
    spec: {
      event: 'failed',
      time: task.status?.completionTime ?? now,
      app: task.spec.appRef.name,
      ...(job === undefined ? {} : { job }),
      ...(slot === undefined ? {} : { slot }),
      task: taskFacts(task),
      ...(condition.reason === undefined ? {} : { reason: condition.reason }),
      ...(condition.message ? { message: condition.message } : {}),
    },
  });
}

/** What is told of a Task, or another run of a Job; it may be gone when that is sent. */
export function taskFacts({
  metadata,
  status = {},
}: Pick<Task, 'metadata' | 'status'>): NonNullable<Notification['spec']['task']> {
  const createdBy = metadata.annotations?.[annotations.createdBy];
  const { id, exitCode, attempts, startTime, completionTime, duration } = status;
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    ...(id === undefined ? {} : { id }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(attempts === undefined ? {} : { attempts: attempts.length }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(completionTime === undefined ? {} : { completionTime }),
    ...(duration === undefined ? {} : { duration }),
    ...(createdBy === undefined ? {} : { createdBy }),
  };
}
