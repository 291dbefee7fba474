/** `kf delete-service`. */

import { Pod, podFinished } from '../../resources/core/pod.ts';
import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import { labels } from '../../resources/labels.ts';
import type { Context, Session } from '../context.ts';
import { type DeleteFlags, deleteAndWait } from '../delete-object.ts';
import { CliError } from '../errors.ts';
import { tipFlags } from '../tip-flags.ts';
import { getService, listBindings } from './find-service.ts';

/** @throws CliError while Apps are bound to it */
export async function deleteService(context: Context, name: string, flags: DeleteFlags): Promise<void> {
  const session = await context.changing();
  const { space } = session;
  const service = await getService(session, name);
  const apps = (await listBindings(session, { service: name })).map(({ spec }) => spec.app.name).sort();
  if (apps.length > 0)
    throw new CliError(
      `ServiceInstance "${name}" cannot be deleted while it is part of a binding. The service is bound to the App(s): ${apps.join(', ')}`,
      {
        tips: apps.map((app) => ({
          description: `Unbind ${app}`,
          command: `kf unbind-service ${app} ${name}${tipFlags(context.flags, space)}`,
        })),
      },
    );
  const users = service.spec.volume === undefined ? [] : await tasksThatUse(session, name);
  context.io.note(`Deleting service instance "${name}" in Space "${space}"`);
  if (users.length > 0) context.io.note(`Its volume goes with the last Task that uses it: ${users.join(', ')}`);
  await deleteAndWait(context, session, { kind: ServiceInstance, ref: { namespace: space, name }, ...flags });
}

/** Tasks that were started with the volume and have not ended. */
async function tasksThatUse({ client, space }: Session, claimName: string): Promise<readonly string[]> {
  const { items } = await client.list(Pod, { namespace: space, unfinishedOnly: true });
  return items
    .filter(
      (pod) => !podFinished(pod) && pod.spec.volumes?.some((one) => one.persistentVolumeClaim?.claimName === claimName),
    )
    .map(({ metadata }) => metadata.labels?.[labels.task] ?? metadata.name);
}
