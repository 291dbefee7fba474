/** `kf configure-space test-notify`: posts a test, and says what became of it. */

import { randomUUID } from 'node:crypto';
import { rfc3339 } from '../../client/clock.ts';
import { conditionOf } from '../../resources/condition.ts';
import { Notification } from '../../resources/kf/notification.ts';
import { shownUrl } from '../../resources/kf/notify.ts';
import { labels } from '../../resources/labels.ts';
import { randomName } from '../../resources/names.ts';
import type { Context } from '../context.ts';
import { createOnce } from '../create-once.ts';
import { CliError } from '../errors.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { tipFlags } from '../tip-flags.ts';
import { waitFor } from '../wait/observe.ts';

export async function testNotify(context: Context, name: string | undefined): Promise<void> {
  const space = name ?? (await context.space());
  const session = { ...(await context.changing(space)), space };
  const url = (await requireSpace(session)).spec?.taskConfig?.notify?.url;
  if (url === undefined)
    throw new CliError(`Space "${space}" notifies nobody`, {
      tips: [{ description: 'Say where to post', command: `kf configure-space set-notify ${space} URL` }],
    });
  context.io.note(`Posting a test to ${shownUrl(url)}`);
  const { object } = await createOnce(context, Notification, {
    metadata: { namespace: space, name: randomName('test-'), labels: { [labels.managedBy]: 'kf' } },
    spec: { event: 'test', id: `msg_${randomUUID().replaceAll('-', '')}`, time: rfc3339(context.clock.now()) },
  });
  const tried = await waitFor(
    context,
    Notification,
    { namespace: space, name: object.metadata.name },
    (one) => one.status?.conditions !== undefined,
    { from: object },
  );
  const { reason, message } = (tried === undefined ? undefined : conditionOf(tried, 'Succeeded')) ?? {};
  if (reason === 'Delivered') return context.io.out(`Delivered: ${message}\n`);
  throw new CliError(
    `not delivered: ${message ?? 'the Notification was deleted'}${reason === 'Pending' ? '; it is tried again for 24 hours' : ''}`,
    {
      tips: [{ description: 'See what becomes of it', command: `kf notifications${tipFlags(context.flags, space)}` }],
    },
  );
}
