/** Services and bindings of a Space, by the names that users give. */

import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import { ServiceInstanceBinding } from '../../resources/kf/service-instance-binding.ts';
import { isNotFound } from '../../resources/status.ts';
import type { Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { didYouMean } from '../similar.ts';
import { requireSpace } from '../spaces/find-space.ts';

/**
 * @param options.mayCreate whether the error says how to make one
 * @throws CliError when the service or its Space does not exist
 */
export async function getService(
  session: Session,
  name: string,
  { prefix = '', mayCreate = false } = {},
): Promise<ServiceInstance> {
  const { client, space, serverFlags = '' } = session;
  try {
    return await client.get(ServiceInstance, { namespace: space, name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await requireSpace(session);
    const flags = ` --space ${space}${serverFlags}`;
    const tips = [{ description: 'List the services', command: `kf services${flags}` }];
    const create = `kf create-user-provided-service ${name} -p '{"uri":"URI"}'${flags}`;
    if (mayCreate) tips.push({ description: 'Create it', command: create });
    const meant = await didYouMean(client, ServiceInstance, name, space);
    throw new CliError(`${prefix}${error.message}${meant}`, { tips });
  }
}

export interface BindingFilter {
  readonly app?: string;
  readonly service?: string;
}

export async function listBindings(
  { client, space }: Session,
  { app, service }: BindingFilter,
): Promise<readonly ServiceInstanceBinding[]> {
  const { items } = await client.list(ServiceInstanceBinding, { namespace: space });
  return items.filter(
    ({ spec }) =>
      (app === undefined || spec.app.name === app) && (service === undefined || spec.instanceRef.name === service),
  );
}
