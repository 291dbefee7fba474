/** Keeps an App's secret and Build in line with its spec and bindings, and its status with its Builds. */

import { isDeepStrictEqual } from 'node:util';
import type { Client } from '../../client/client.ts';
import { rfc3339 } from '../../client/clock.ts';
import {
  type ControllerContext,
  itself,
  mapped,
  ownedBy,
  type Result,
  type RunningController,
  soon,
  startController,
} from '../../client/controller.ts';
import { getChild, getIfExists } from '../../client/get-if-exists.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { App, buildName, wantedBuild } from '../../resources/kf/app.ts';
import { Build, type BuildSpec } from '../../resources/kf/build.ts';
import { ServiceInstanceBinding } from '../../resources/kf/service-instance-binding.ts';
import { Space } from '../../resources/kf/space.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { controllerRef, isControlledBy, type ObjectRef, refOf } from '../../resources/meta.ts';
import { isAlreadyExists } from '../../resources/status.ts';
import { appStatus } from './app-status.ts';
import { type AppBindings, readBindings } from './bound-services.ts';
import { withSpaceEnv } from './build-env.ts';
import { injectedEnvSecret } from './injected-env.ts';

export function startAppController(options: ControllerContext): RunningController {
  return startController({
    ...options,
    name: 'app',
    watches: [
      itself(App),
      ownedBy(App, Build, { unfinishedOnly: true }),
      mapped(ServiceInstanceBinding, (binding) => [{ ...refOf(binding), name: binding.spec.app.name }]),
      // The App's own secret, and the credentials of its bindings.
      mapped(
        Secret,
        (secret) => {
          const app = secret.metadata.labels?.[labels.appName];
          return app === undefined ? [] : [{ ...refOf(secret), name: app }];
        },
        { unfinishedOnly: true },
      ),
    ],
    reconcile: (request) => reconcileApp(options, request),
  });
}

async function reconcileApp({ client, clock }: ControllerContext, request: ObjectRef): Promise<Result | void> {
  const app = await getIfExists(client, App, request);
  if (app === undefined || app.metadata.deletionTimestamp !== undefined) return;
  const bindings = await readBindings(client, app);
  const isWritten = await ensureSecret(client, app, bindings);
  const wanted = wantedBuild(app);
  const build = wanted === undefined ? undefined : await ensureBuild(client, app, wanted);
  await writeStatus(client, App, app, appStatus(app, build, isWritten ? bindings : undefined, rfc3339(clock.now())));
  if (!isWritten) return soon;
}

/**
 * The Secret that Tasks read VCAP_SERVICES from at their start (Kf: `kf-injected-envs-APP`).
 * False while that of an earlier App of this name stands in its place.
 */
async function ensureSecret(client: Client, app: App, { bound }: AppBindings): Promise<boolean> {
  const wanted = injectedEnvSecret(app, bound);
  const ref = { ...refOf(app), name: wanted.metadata.name ?? '' };
  const existing = await getChild(client, Secret, ref, app);
  if (existing === undefined) {
    await client.create(Secret, wanted);
    return true;
  }
  if (!isControlledBy(existing, app)) return false;
  if (!isDeepStrictEqual(existing.data, wanted.data)) await client.update(Secret, { ...existing, data: wanted.data });
  return true;
}

async function ensureBuild(client: Client, app: App, spec: BuildSpec): Promise<Build | undefined> {
  const ref = { ...refOf(app), name: buildName(app) };
  const existing = await getIfExists(client, Build, ref);
  if (existing !== undefined) return isControlledBy(existing, app) ? existing : undefined;
  const space = await getIfExists(client, Space, { name: app.metadata.namespace ?? '' });
  return createIfAbsent(() =>
    client.create(Build, {
      metadata: {
        ...ref,
        labels: { [labels.appName]: app.metadata.name },
        ...askedBy(app),
        ownerReferences: [controllerRef(app)],
      },
      spec: withSpaceEnv(spec, space),
    }),
  );
}

/** The Build is made for whoever pushed. */
function askedBy({ metadata }: App): { readonly annotations?: Readonly<Record<string, string>> } {
  const user = metadata.annotations?.[annotations.changedBy] ?? metadata.annotations?.[annotations.createdBy];
  return user === undefined ? {} : { annotations: { [annotations.createdBy]: user } };
}

async function createIfAbsent<T>(create: () => Promise<T>): Promise<T | undefined> {
  try {
    return await create();
  } catch (error) {
    // Made before, and our read lagged: its own event brings us back.
    if (isAlreadyExists(error)) return undefined;
    throw error;
  }
}
