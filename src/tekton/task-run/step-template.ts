/** Steps over their stepTemplate, as Kubernetes' strategic merge has it. Pure. */

import type { ResourceRequirements } from '../../resources/core/pod.ts';
import { isJsonObject } from '../../resources/json.ts';
import type { Step, StepTemplate } from '../../resources/tekton/step.ts';

type Env = NonNullable<Step['env']>[number];

/** The step's own fields win; env is merged by name, mounts by path, devices by path, requests and limits by resource. */
export function withTemplate(step: Step, template: StepTemplate | undefined): Step {
  if (template === undefined) return step;
  const { displayName: _shown, ...own } = step;
  const env = byKey(template.env, step.env, ({ name }) => name, mergedEnv);
  const volumeMounts = byKey(template.volumeMounts, step.volumeMounts, ({ mountPath }) => mountPath);
  const volumeDevices = byKey(template.volumeDevices, step.volumeDevices, ({ devicePath }) => devicePath);
  const computeResources = mergeResources(template.computeResources, step.computeResources);
  const securityContext = mergeMaps(template.securityContext, step.securityContext);
  return {
    ...template,
    ...saidIn(own),
    ...(env === undefined ? {} : { env }),
    ...(volumeMounts === undefined ? {} : { volumeMounts }),
    ...(volumeDevices === undefined ? {} : { volumeDevices }),
    ...(computeResources === undefined ? {} : { computeResources }),
    ...(securityContext === undefined ? {} : { securityContext }),
  };
}

/** Leaves out empty members: as in Go they count as absent. */
const saidIn = <T extends object>(fields: T): T =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== '' && !(Array.isArray(value) && value.length === 0)),
  ) as T;

/** A variable that has `value` on one side and `valueFrom` on the other is taken from the step as a whole. */
const mergedEnv = (base: Env, over: Env): Env =>
  over.valueFrom !== undefined || (base.valueFrom !== undefined && over.value) ? over : { ...base, ...over };

function byKey<T extends object>(
  base: readonly T[] | undefined,
  over: readonly T[] | undefined,
  key: (item: T) => string,
  merged: (base: T, over: T) => T = (one, other) => ({ ...one, ...other }),
): readonly T[] | undefined {
  if (base === undefined || over === undefined) return over ?? base;
  const places = new Map(base.map((item, place) => [key(item), place]));
  const own = new Set(over.map(key));
  const rest = base.filter((item) => !own.has(key(item)));
  const all: T[] = [];
  // The order of a strategic merge patch in Kubernetes: entries of the template keep their place before later ones.
  for (const item of over) {
    const place = places.get(key(item));
    while (place !== undefined && rest.length > 0 && places.get(key(rest[0]!))! < place) all.push(rest.shift()!);
    all.push(place === undefined ? item : merged(base[place]!, item));
  }
  return [...all, ...rest];
}

export function mergeResources(
  base: ResourceRequirements | undefined,
  over: ResourceRequirements | undefined,
): ResourceRequirements | undefined {
  if (base === undefined || over === undefined) return over ?? base;
  const limits = mergeMaps(base.limits, over.limits);
  const requests = mergeMaps(base.requests, over.requests);
  return {
    ...(limits === undefined ? {} : { limits }),
    ...(requests === undefined ? {} : { requests }),
  };
}

function mergeMaps<T extends object>(base: T | undefined, over: T | undefined): T | undefined {
  if (base === undefined || over === undefined) return over ?? base;
  const merged = { ...base } as Record<string, unknown>;
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    merged[key] = isJsonObject(before) && isJsonObject(value) ? mergeMaps(before, value) : value;
  }
  return merged as T;
}
