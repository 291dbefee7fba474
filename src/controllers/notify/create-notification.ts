/** Makes the Notification of an event, once: its name follows from what has happened. */

import { createHash } from 'node:crypto';
import type { Client, Draft } from '../../client/client.ts';
import { Notification } from '../../resources/kf/notification.ts';
import { labels } from '../../resources/labels.ts';
import { isAlreadyExists, isInvalid, isNotFound, StatusError } from '../../resources/status.ts';

export interface NotificationDraft {
  readonly namespace: string;
  /** The name of the Task or Job that people know. */
  readonly subject: string;
  /** Tells this event from every other; the same however often it is found out. */
  readonly key: string;
  readonly spec: Omit<Notification['spec'], 'id'>;
}

function notificationOf({ namespace, subject, key, spec }: NotificationDraft): Draft<Notification> {
  const hash = createHash('sha256').update(`${namespace}\0${spec.event}\0${key}`).digest('hex');
  return {
    metadata: {
      namespace,
      name: `${subject.slice(0, 40)}-${spec.event}-${hash.slice(0, 10)}`,
      labels: {
        [labels.managedBy]: 'kf',
        [labels.component]: 'notification',
        ...(spec.app === undefined ? {} : { [labels.appName]: spec.app }),
        ...(spec.job === undefined ? {} : { [labels.jobOwner]: spec.job }),
      },
    },
    spec: { ...spec, id: `msg_${hash.slice(0, 32)}` },
  };
}

/** @throws StatusError only for what may go well the next time */
export async function createNotification(client: Client, happening: NotificationDraft): Promise<void> {
  try {
    await client.create(Notification, notificationOf(happening));
  } catch (error) {
    // Made before; or it can never be made: nothing of a Task may wait for that.
    if (isAlreadyExists(error) || isInvalid(error) || isNotFound(error) || isForbidden(error)) return;
    throw error;
  }
}

/** The namespace is being deleted. */
const isForbidden = (error: unknown): boolean => error instanceof StatusError && error.reason === 'Forbidden';
