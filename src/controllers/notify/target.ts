/** Where an event is sent to: what the Job says, else what its Space says. */

import type { Client } from '../../client/client.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import type { Notification } from '../../resources/kf/notification.ts';
import { type Notify, notifyEvents } from '../../resources/kf/notify.ts';
import { Space } from '../../resources/kf/space.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';

/** @param job name of the Job, where there is one */
export async function targetOf(
  client: Client,
  namespace: string,
  job: string | undefined,
): Promise<Notify | undefined> {
  const own = job === undefined ? undefined : await getIfExists(client, TaskSchedule, { namespace, name: job });
  if (own?.spec.notify !== undefined) return own.spec.notify;
  return (await getIfExists(client, Space, { name: namespace }))?.spec?.taskConfig?.notify;
}

/** Who says what he expects wants to hear that it did not come, whatever else he wants to hear. */
export function wants(target: Notify | undefined, event: Notification['spec']['event']): boolean {
  if (target === undefined) return false;
  if (event === 'expected' || event === 'test') return true;
  return (target.on ?? notifyEvents).includes(event);
}
