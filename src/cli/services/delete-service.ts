/** `kf delete-service`. */

import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import type { Context } from '../context.ts';
import { type DeleteFlags, deleteAndWait } from '../delete-object.ts';
import { CliError } from '../errors.ts';
import { tipFlags } from '../tip-flags.ts';
import { getService, listBindings } from './find-service.ts';

/** @throws CliError while Apps are bound to it */
export async function deleteService(context: Context, name: string, flags: DeleteFlags): Promise<void> {
  const session = await context.changing();
  const { space } = session;
  await getService(session, name);
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
  context.io.note(`Deleting service instance "${name}" in Space "${space}"`);
  await deleteAndWait(context, session, { kind: ServiceInstance, ref: { namespace: space, name }, ...flags });
}
