/** The bindings that a manifest asks for and that are not there yet. */

import type { App } from '../../resources/kf/app.ts';
import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import type { Context, Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { bind, checkBinding } from '../services/bind-service.ts';
import { listBindings } from '../services/find-service.ts';
import type { ManifestService } from './manifest.ts';
import type { AppPlan } from './plan.ts';

export interface WantedBinding {
  readonly wanted: ManifestService;
  readonly service: ServiceInstance;
}

/** @throws CliError naming every service that does not exist; nothing has been made or uploaded yet */
export async function planBindings(
  session: Session,
  { name, services = [] }: AppPlan,
): Promise<readonly WantedBinding[]> {
  if (services.length === 0) return [];
  const { client, space, serverFlags = '' } = session;
  const [{ items }, bound] = await Promise.all([
    client.list(ServiceInstance, { namespace: space }),
    listBindings(session, { app: name }),
  ]);
  const known = new Map(items.map((item) => [item.metadata.name, item]));
  const missing = services.filter((one) => !known.has(one.name)).map((one) => one.name);
  if (missing.length > 0)
    throw new CliError(
      `the manifest's services: ${missing.map((one) => `"${one}"`).join(', ')} ${missing.length === 1 ? 'does' : 'do'} not exist in Space "${space}"`,
      {
        tips: missing.map((one) => ({
          description: `Create ${one}`,
          command: `kf create-user-provided-service ${one} -p '{"uri":"URI"}' --space ${space}${serverFlags}`,
        })),
      },
    );
  const wanted = services
    .filter((one) => !bound.some(({ spec }) => spec.instanceRef.name === one.name))
    .map((one) => ({ wanted: one, service: known.get(one.name)! }));
  for (const one of wanted) checkBinding(one.service, one.wanted.parameters ?? {});
  return wanted;
}

export async function bindServices(
  context: Context,
  session: Session,
  app: App,
  bindings: readonly WantedBinding[],
): Promise<void> {
  for (const { wanted, service } of bindings) {
    context.io.note(`Binding service instance "${wanted.name}" to App "${app.metadata.name}"`);
    await bind(context, session, {
      app,
      service,
      params: wanted.parameters ?? {},
      ...(wanted.bindingName === undefined ? {} : { bindingName: wanted.bindingName }),
    });
  }
}
