/** The status of an App as it follows from its spec and its newest Build. Pure. */

import { type ConditionDraft, conditionOf, happyCondition, mergeConditions } from '../../resources/condition.ts';
import { type App, wantedBuild } from '../../resources/kf/app.ts';
import { type Build, imageReady } from '../../resources/kf/build.ts';
import type { AppBindings } from './bound-services.ts';

type AppStatus = NonNullable<App['status']>;

/**
 * @param bindings what Tasks that start now get; undefined while it cannot be said
 * @param now RFC 3339
 */
export function appStatus(
  app: App,
  build: Build | undefined,
  bindings: AppBindings | undefined,
  now: string,
): AppStatus {
  const buildReady = buildCondition(app, build);
  const drafts = [buildReady, instancesCondition(app), ...(bindings === undefined ? [] : [bindings.condition])];
  const happy = happyCondition('Ready', drafts);
  return {
    ...app.status,
    ...imageOf(app, build),
    ...(bindings === undefined ? {} : bindingsStatus(bindings)),
    observedGeneration: app.metadata.generation,
    ...(build === undefined ? {} : { latestBuild: build.metadata.name }),
    instances: { representation: app.spec.instances?.stopped ? 'stopped' : '0' },
    conditions: mergeConditions(app.status?.conditions, [...drafts, happy], now),
  };
}

function bindingsStatus({ bound }: AppBindings): Partial<AppStatus> {
  const serviceBindings = bound.map(({ binding, paramsVersion }) => ({
    name: binding.metadata.name,
    instance: binding.spec.instanceRef.name,
    ...(paramsVersion === undefined ? {} : { paramsVersion }),
  }));
  const volumes = bound.flatMap(({ binding }) => {
    const { mount, readOnly, persistentVolumeClaimName: claimName } = binding.status?.volumeStatus ?? {};
    if (mount === undefined || claimName === undefined) return [];
    return [{ name: binding.spec.instanceRef.name, claimName, mountPath: mount, ...(readOnly ? { readOnly } : {}) }];
  });
  return {
    serviceBindings: serviceBindings.length === 0 ? undefined : serviceBindings,
    volumes: volumes.length === 0 ? undefined : volumes,
  };
}

/** The image that Tasks start with: the newest good one. A build that runs or failed leaves it in use. */
function imageOf(app: App, build: Build | undefined): Partial<AppStatus> {
  if (isGiven(app)) return { image: app.spec.build.image, startCommands: {} };
  if (build === undefined || conditionOf(build, 'Succeeded')?.status !== 'True') return {};
  const command = build.status?.startCommand;
  return {
    image: build.status?.image,
    latestReadyBuild: build.metadata.name,
    stack: build.status?.stack,
    startCommands: command === undefined ? {} : { image: [command] },
  };
}

/** Whether its image is one of this server, which needs no Build. */
const isGiven = (app: App): boolean => app.spec.build.image !== undefined && wantedBuild(app) === undefined;

function buildCondition(app: App, build: Build | undefined): ConditionDraft {
  const type = 'BuildReady';
  if (isGiven(app)) return { type, status: 'True' };
  if (wantedBuild(app) === undefined)
    return { type, status: 'Unknown', reason: 'WaitingForSource', message: 'no source was pushed yet' };
  const condition = build === undefined ? undefined : conditionOf(build, 'Succeeded');
  if (condition === undefined || condition.status === 'Unknown')
    return {
      type,
      status: 'Unknown',
      reason: condition?.reason ?? 'Building',
      message: condition?.message ?? 'Build in progress',
    };
  const image = build === undefined ? undefined : conditionOf(build, imageReady);
  return { ...(condition.status === 'True' && image?.status === 'False' ? image : condition), type };
}

/** Only task apps run here: an App that wants running instances is told so. */
function instancesCondition(app: App): ConditionDraft {
  const type = 'DeploymentReady';
  if (app.spec.instances?.stopped) return { type, status: 'True' };
  return {
    type,
    status: 'False',
    reason: 'LongRunningAppsUnsupported',
    message: 'long-running instances are not supported: push with --task',
  };
}
