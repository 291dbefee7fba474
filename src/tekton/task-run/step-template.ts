/** Steps over their stepTemplate, as Kubernetes' strategic merge has it. Pure. */

import type { ResourceRequirements } from '../../resources/core/pod.ts';
import { isJsonObject } from '../../resources/json.ts';
import type { Step, StepTemplate } from '../../resources/tekton/step.ts';

/** The step's own fields win; env is merged by name, mounts by path, devices by path, requests and limits by resource. */
export function withTemplate(step: Step, template: StepTemplate | undefined): Step {
  if (template === undefined) return step;
  const { displayName: _shown, ...own } = step;
  const env = byKey(template.env, step.env, ({ name }) => name);
  const volumeMounts = byKey(template.volumeMounts, step.volumeMounts, ({ mountPath }) => mountPath);
  const volumeDevices = byKey(template.volumeDevices, step.volumeDevices, ({ devicePath }) => devicePath);
  const computeResources = mergeResources(template.computeResources, step.computeResources);
  const securityContext = mergeMaps(template.securityContext, step.securityContext);
  return {
    ...template,
    ...own,
    ...(env === undefined ? {} : { env }),
    ...(volumeMounts === undefined ? {} : { volumeMounts }),
    ...(volumeDevices === undefined ? {} : { volumeDevices }),
    ...(computeResources === undefined ? {} : { computeResources }),
    ...(securityContext === undefined ? {} : { securityContext }),
  };
}

function byKey<T>(
  base: readonly T[] | undefined,
  over: readonly T[] | undefined,
  key: (item: T) => string,
): readonly T[] | undefined {
  if (base === undefined || over === undefined) return over ?? base;
  const places = new Map(base.map((item, place) => [key(item), place]));
  const own = new Set(over.map(key));
  const rest = base.filter((item) => !own.has(key(item)));
  const merged: T[] = [];
  // As Kubernetes orders such lists: those of the template come before what they precede there, else last.
  for (const item of over) {
    const place = places.get(key(item));
    while (place !== undefined && rest.length > 0 && places.get(key(rest[0]!))! < place) merged.push(rest.shift()!);
    merged.push(item);
  }
  return [...merged, ...rest];
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
