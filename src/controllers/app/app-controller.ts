/** Keeps an App's secret and Build in line with its spec, and its status with its Builds. */

import type { Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
import { itself, ownedBy, type RunningController, startController } from '../../client/controller.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { App } from '../../resources/kf/app.ts';
import { Build } from '../../resources/kf/build.ts';
import { Space } from '../../resources/kf/space.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef, isControlledBy, type ObjectRef, refOf } from '../../resources/meta.ts';
import { isAlreadyExists } from '../../resources/status.ts';
import { appStatus, buildName } from './app-status.ts';
import { withSpaceEnv } from './build-env.ts';
import { injectedEnvSecret } from './injected-env.ts';

interface Options {
  readonly client: Client;
  readonly clock: Clock;
  readonly onError?: (message: string, error: unknown) => void;
}

export function startAppController(options: Options): RunningController {
  return startController({
    ...options,
    name: 'app',
    watches: [itself(App), ownedBy(App, Build, { unfinishedOnly: true }), ownedBy(App, Secret)],
    reconcile: (request) => reconcileApp(options, request),
  });
}

export async function reconcileApp({ client, clock }: Options, request: ObjectRef): Promise<void> {
  const app = await getIfExists(client, App, request);
  if (app === undefined || app.metadata.deletionTimestamp !== undefined) return;
  await ensureSecret(client, app);
  const build = app.spec.build.spec === undefined ? undefined : await ensureBuild(client, app);
  await writeStatus(client, App, app, appStatus(app, build, rfc3339(clock.now())));
}

/** The Secret that Tasks read VCAP_SERVICES from at their start (Kf: `kf-injected-envs-APP`). */
async function ensureSecret(client: Client, app: App): Promise<void> {
  const wanted = injectedEnvSecret(app);
  const ref = { ...refOf(app), name: wanted.metadata.name ?? '' };
  if ((await getIfExists(client, Secret, ref)) !== undefined) return;
  await createIfAbsent(() => client.create(Secret, wanted));
}

async function ensureBuild(client: Client, app: App): Promise<Build | undefined> {
  const ref = { ...refOf(app), name: buildName(app) };
  const spec = app.spec.build.spec;
  const existing = await getIfExists(client, Build, ref);
  if (existing !== undefined) return isControlledBy(existing, app) ? existing : undefined;
  if (spec === undefined) return undefined;
  const space = await getIfExists(client, Space, { name: app.metadata.namespace ?? '' });
  return createIfAbsent(() =>
    client.create(Build, {
      metadata: {
        ...ref,
        labels: { [labels.appName]: app.metadata.name },
        ownerReferences: [controllerRef(app)],
      },
      spec: withSpaceEnv(spec, space),
    }),
  );
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
