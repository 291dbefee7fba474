/** The App that a push wants, out of the one that is there. Pure. */

import { createHash } from 'node:crypto';
import { conditionOf } from '../../resources/condition.ts';
import type { EnvVar, ResourceRequirements } from '../../resources/core/pod.ts';
import { type App, buildName, hasImageCommand } from '../../resources/kf/app.ts';
import { hostStackBuilder, noCacheParam } from '../../resources/kf/build.ts';
import { annotations } from '../../resources/labels.ts';
import type { Variable } from '../flags.ts';
import { type BuildRecipe, hostStack } from './build-type.ts';
import type { AppPlan } from './plan.ts';

type Template = App['spec']['template'];
type Container = Template['spec']['containers'][number];

/** Everything that a build depends on; an App that was built from the same needs no new build. */
export function buildInputOf(sourceSha256: string, recipe: BuildRecipe, spaceEnv: readonly EnvVar[] = []): string {
  const env = spaceEnv.length === 0 ? {} : { env: spaceEnv };
  const { name, params, env: own } = recipe;
  const builder = name === hostStackBuilder ? { builder: name, stack: hostStack } : { builder: name, params, own };
  const input = { source: sourceSha256, ...builder, ...env };
  return createHash('sha256').update(JSON.stringify(input)).digest('hex');
}

export type BuildState = 'built' | 'building' | 'stale';

/**
 * How an App's newest build relates to an input.
 * @param fingerprint of the stack as it is now, if known: on another machine underneath a build is stale
 */
export function buildState(app: App | undefined, buildInput: string, fingerprint?: string): BuildState {
  if (app?.metadata.annotations?.[annotations.buildInput] !== buildInput || app.spec.build.spec === undefined)
    return 'stale';
  const ready =
    app.status?.observedGeneration === app.metadata.generation ? conditionOf(app, 'BuildReady')?.status : 'Unknown';
  if (ready === 'False') return 'stale';
  if (ready !== 'True') return 'building';
  if (fingerprint !== undefined && (app.status?.stack?.fingerprint ?? fingerprint) !== fingerprint) return 'stale';
  return app.status?.image !== undefined && app.status.latestReadyBuild === buildName(app) ? 'built' : 'stale';
}

/** The container of the App: what was given replaces, variables and limits are merged, the rest stays. */
export function containerOf(existing: Container | undefined, plan: AppPlan): Container {
  const { command: _, args: __, env: ___, resources: ____, ...rest } = existing ?? { name: 'user-container' };
  const start = startOf(existing, plan);
  const env = mergeEnv(existing?.env ?? [], plan.env);
  const resources = resourcesOf(existing?.resources, plan);
  return {
    ...rest,
    ...start,
    ...(env.length > 0 ? { env } : {}),
    ...(resources === undefined ? {} : { resources }),
  };
}

/** A start command stays until another one is given; `null` or `default` gives it up, as in Cloud Foundry. */
function startOf(existing: Container | undefined, plan: AppPlan): Pick<Container, 'command' | 'args'> {
  if (plan.command === 'null' || plan.command === 'default') return {};
  if (plan.command !== undefined) return plan.command === '' ? {} : { args: [plan.command] };
  if (plan.args === undefined && plan.entrypoint === undefined)
    return {
      ...(existing?.command === undefined ? {} : { command: existing.command }),
      ...(existing?.args === undefined ? {} : { args: existing.args }),
    };
  const { entrypoint, args } = plan;
  if (entrypoint !== undefined) return { command: [entrypoint], ...(args === undefined ? {} : { args }) };
  // One word alone would be taken for a shell line; as a command it is exact.
  return args?.length === 1 ? { command: args } : { args };
}

/** Later values win; sorted by name, as Kf keeps them. */
export function mergeEnv(existing: readonly EnvVar[], given: readonly Variable[]): readonly EnvVar[] {
  const merged = new Map<string, EnvVar>();
  for (const variable of [...existing, ...given]) merged.set(variable.name, variable);
  return [...merged.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function resourcesOf(existing: ResourceRequirements | undefined, plan: AppPlan): ResourceRequirements | undefined {
  const both = {
    ...(plan.memory === undefined ? {} : { memory: plan.memory }),
    ...(plan.disk === undefined ? {} : { 'ephemeral-storage': plan.disk }),
  };
  const requests = { ...existing?.requests, ...both, ...(plan.cpu === undefined ? {} : { cpu: plan.cpu }) };
  const limits = { ...existing?.limits, ...both, ...(plan.cpuLimit === undefined ? {} : { cpu: plan.cpuLimit }) };
  if (Object.keys(requests).length === 0 && Object.keys(limits).length === 0) return undefined;
  return { requests, limits };
}

/** The App with the plan's settings, its build request left as it is. */
export function withSettings(app: App, plan: AppPlan): App {
  const before = app.spec.template.spec.containers[0];
  const container = containerOf(before, plan);
  const changed = stable(before) !== stable(container);
  return {
    ...app,
    metadata: {
      ...app.metadata,
      labels: { ...app.metadata.labels, ...plan.labels },
      annotations: { ...app.metadata.annotations, ...plan.annotations },
    },
    spec: {
      ...app.spec,
      instances: { replicas: 1, ...app.spec.instances, stopped: true },
      template: {
        spec: { containers: [container] },
        updateRequests: (app.spec.template.updateRequests ?? 0) + (changed ? 1 : 0),
      },
    },
  };
}

export interface BuildRequest {
  readonly recipe: BuildRecipe;
  /** Counts the App's build requests. */
  readonly number: number;
  readonly sourcePackage: string;
  /** See `buildInputOf`. */
  readonly buildInput: string;
  /** Takes no layer of an earlier build. */
  readonly anew?: boolean;
}

/** The App with a request to build a source package. */
export function withBuild(app: App, { recipe, number, sourcePackage, buildInput, anew = false }: BuildRequest): App {
  const params = [...(recipe.params ?? []), ...(anew ? [{ name: noCacheParam, value: 'true' }] : [])];
  return {
    ...app,
    metadata: { ...app.metadata, annotations: { ...app.metadata.annotations, [annotations.buildInput]: buildInput } },
    spec: {
      ...app.spec,
      build: {
        spec: { ...recipe, sourcePackage: { name: sourcePackage }, ...(params.length === 0 ? {} : { params }) },
        updateRequests: number,
      },
    },
  };
}

/** The App with a request to have an image of a registry. @param pullSecret name of the Secret with its credentials */
export function withImage(app: App, image: string, pullSecret: string | undefined): App {
  const { [annotations.buildInput]: _, ...others } = app.metadata.annotations ?? {};
  return {
    ...app,
    metadata: { ...app.metadata, annotations: others },
    spec: {
      ...app.spec,
      build: {
        image,
        ...(pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
        updateRequests: (app.spec.build.updateRequests ?? 0) + 1,
      },
    },
  };
}

/** How an App was last built; a wish to take nothing of an earlier build is for that build alone. */
export function recipeOf({ spec }: App): BuildRecipe {
  const { name = hostStackBuilder, params = [], env } = spec.build.spec ?? {};
  const lasting = params.filter((param) => param.name !== noCacheParam);
  return { name, ...(lasting.length === 0 ? {} : { params: lasting }), ...(env === undefined ? {} : { env }) };
}

/** Whether two versions of an App ask for the same. */
export const isSame = (a: App, b: App): boolean =>
  stable(a.spec) === stable(b.spec) &&
  stable(a.metadata.labels ?? {}) === stable(b.metadata.labels ?? {}) &&
  stable(a.metadata.annotations ?? {}) === stable(b.metadata.annotations ?? {});

/** JSON with sorted keys. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

/** The start command, as people read it. */
export const startCommandText = (app: App): string =>
  startCommandOf(app) ?? (hasImageCommand(app) ? "<the image's own>" : '<none>');

export function startCommandOf(app: App): string | undefined {
  const container = app.spec.template.spec.containers[0];
  const words = [...(container?.command ?? []), ...(container?.args ?? [])];
  if (words.length > 0) return words.join(' ');
  return app.status?.startCommands?.image?.[0];
}
