/** `kf bind-service`, `kf unbind-service`, and the bindings that a push makes. */

import { errorMessage } from '../../resources/errors.ts';
import type { App } from '../../resources/kf/app.ts';
import type { ServiceInstance } from '../../resources/kf/service-instance.ts';
import { bindingNameOf, ServiceInstanceBinding } from '../../resources/kf/service-instance-binding.ts';
import { overlap, readMountParams } from '../../resources/kf/volume-params.ts';
import { controllerRef } from '../../resources/meta.ts';
import { childName } from '../../resources/names.ts';
import { isInvalid } from '../../resources/status.ts';
import { getApp } from '../apps/find-app.ts';
import type { Context, Session } from '../context.ts';
import { createOnce } from '../create-once.ts';
import { deleteAndWait } from '../delete-object.ts';
import { CliError } from '../errors.ts';
import { tipFlags } from '../tip-flags.ts';
import { awaitBinding, awaitUnbound } from './await-ready.ts';
import { getService, listBindings } from './find-service.ts';
import { type Params, parseParams } from './params.ts';
import { createParamsSecret } from './params-secret.ts';

export interface BindFlags {
  readonly parameters?: string;
  readonly bindingName?: string;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly async?: boolean;
}

/** Milliseconds for which a binding may take to become ready, as in Kf. */
const usualTimeout = 30 * 60_000;

const failure = 'bind failed: ';

export async function bindServiceAction(
  context: Context,
  [appName, serviceName]: readonly string[],
  flags: BindFlags,
): Promise<void> {
  const params = parseParams(context.cwd, '-c', flags.parameters);
  const session = await context.changing();
  const app = await getApp(session, appName!, 'failed to get App for binding: ');
  if (app.metadata.deletionTimestamp !== undefined) throw new CliError(`${failure}App "${appName}" is being deleted`);
  const service = await getService(session, serviceName!, { prefix: failure, mayCreate: true });
  const [existing] = await listBindings(session, { app: appName!, service: serviceName! });
  if (existing !== undefined)
    throw new CliError(`${failure}App "${appName}" is bound to service "${serviceName}" already`, {
      tips: [
        {
          description: 'To change the binding, unbind first',
          command: `kf unbind-service ${appName} ${serviceName}${tipFlags(context.flags, session.space)}`,
        },
      ],
    });
  checkBinding(service, params, app);
  context.io.note(`Binding service instance "${serviceName}" to App "${appName}" in Space "${session.space}"`);
  await bind(context, session, { app, service, params, ...flags });
  if (flags.async) return;
  context.io.note('Success');
  context.io.note(`Tasks of App "${appName}" that start from now on get it.`);
}

/** Whether a service can be bound with these parameters. @throws CliError; changes nothing */
export function checkBinding(service: ServiceInstance, params: Params, app?: App): void {
  const { name, deletionTimestamp } = service.metadata;
  if (deletionTimestamp !== undefined) throw new CliError(`${failure}service "${name}" is being deleted`);
  for (const key of Object.keys(params))
    if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key))
      throw new CliError(`${failure}the key ${JSON.stringify(key)} must be letters, digits, -, _ and .`);
  if (service.spec.volume === undefined) return;
  try {
    const { mount } = readMountParams(params);
    const taken = app?.status?.volumes?.find(({ mountPath }) => overlap(mountPath, mount));
    if (taken !== undefined) throw new Error(`mount: at ${taken.mountPath} is the volume "${taken.name}" already`);
  } catch (error) {
    throw new CliError(`${failure}-c: ${errorMessage(error)}`);
  }
}

export interface BindRequest extends BindFlags {
  readonly app: App;
  readonly service: ServiceInstance;
  readonly params: Params;
}

/** Makes the binding; waits until Tasks get it, unless `async`. */
export async function bind(context: Context, session: Session, request: BindRequest): Promise<void> {
  const { app, service, params, bindingName, timeout = usualTimeout } = request;
  const { space } = session;
  checkBinding(service, params, app);
  const name = await freeName(session, app.metadata.name, service.metadata.name);
  const secretName = childName(name, '-params');
  const { object: binding, isOurs } = await createOnce(context, ServiceInstanceBinding, {
    metadata: { namespace: space, name, ownerReferences: [controllerRef(app)] },
    spec: {
      app: { name: app.metadata.name },
      instanceRef: { name: service.metadata.name },
      parametersFrom: { name: secretName },
      ...(bindingName === undefined ? {} : { bindingNameOverride: bindingName }),
      progressDeadlineSeconds: Math.ceil(timeout / 1000),
    },
  }).catch((error) => {
    throw isInvalid(error) ? new CliError(failure + error.message) : error;
  });
  if (!isOurs) throw new CliError(`${failure}somebody else is binding "${service.metadata.name}" at this moment`);
  await createParamsSecret(context, binding, secretName, params);
  if (request.async) return context.io.note('Waiting for binding to become ready asynchronously');
  await awaitBinding(
    context,
    { namespace: space, name },
    {
      text: 'Waiting for service instance binding to become ready...',
      timeout,
      prefix: failure,
    },
  );
}

/** Kf's name; another one where `a-b` + `c` and `a` + `b-c` would share it. */
async function freeName({ client, space }: Session, app: string, service: string): Promise<string> {
  const name = bindingNameOf(app, service);
  const { items } = await client.list(ServiceInstanceBinding, { namespace: space });
  return items.some(({ metadata }) => metadata.name === name) ? bindingNameOf(`${app}.`, service) : name;
}

export async function unbindServiceAction(
  context: Context,
  [appName, serviceName]: readonly string[],
  { async: isAsync }: { readonly async?: boolean },
): Promise<void> {
  const session = await context.changing();
  const { space } = session;
  const prefix = 'unbind failed: ';
  const bindings = await listBindings(session, { app: appName!, service: serviceName! });
  if (bindings.length === 0) {
    await getApp(session, appName!, prefix);
    await getService(session, serviceName!, { prefix });
    throw new CliError(`${prefix}App "${appName}" is not bound to service "${serviceName}"`, {
      tips: [{ description: 'List the bindings', command: `kf bindings${tipFlags(context.flags, space)}` }],
    });
  }
  context.io.note(`Unbinding service instance "${serviceName}" from App "${appName}" in Space "${space}"`);
  for (const { metadata } of bindings) {
    const ref = { namespace: space, name: metadata.name };
    await deleteAndWait(context, session, {
      kind: ServiceInstanceBinding,
      ref,
      ...(isAsync === undefined ? {} : { async: isAsync }),
    });
    if (!isAsync)
      await awaitUnbound(context, { namespace: space, name: appName! }, metadata.name, {
        text: 'Waiting for deletion...',
        prefix,
      });
  }
  if (!isAsync) context.io.note('Success');
}
