/**
 * What the LimitRanges of a namespace make of what is created there, and what they forbid, in the words of Kubernetes'
 * admission plugin LimitRanger. Pure.
 */

import { formatMilli, formatWhole, quantityValue } from '../quantity.ts';
import type { LimitRange, LimitRangeItem } from './limit-range.ts';
import type { Container, Pod, ResourceRequirements } from './pod.ts';

type Quantities = Readonly<Record<string, string>>;

const itemsOf = (ranges: readonly LimitRange[], type: string): readonly LimitRangeItem[] =>
  ranges.flatMap(({ spec }) => spec.limits).filter((item) => item.type === type);

/** The Pod with the defaults of containers that say nothing; what is said first by name of the LimitRange holds. */
export function withLimitRanges<P extends Pick<Pod, 'spec'>>(pod: P, ranges: readonly LimitRange[]): P {
  const items = itemsOf(ranges, 'Container');
  if (items.length === 0) return pod;
  const complete = (container: Container): Container => {
    const resources = items.reduce(completed, container.resources ?? {});
    return Object.keys(resources).length === 0 ? container : { ...container, resources };
  };
  const { initContainers } = pod.spec;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: pod.spec.containers.map(complete),
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(complete) }),
    },
  };
}

/** A limit that is given is the request, too, where that is absent. */
function completed(resources: ResourceRequirements, item: LimitRangeItem): ResourceRequirements {
  const limits = { ...item.default, ...resources.limits };
  const requests = { ...item.defaultRequest, ...resources.limits, ...resources.requests };
  return {
    ...resources,
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(Object.keys(requests).length === 0 ? {} : { requests }),
  };
}

/** Why the Pod is forbidden; empty where it is not. */
export function podLimitErrors({ spec }: Pick<Pod, 'spec'>, ranges: readonly LimitRange[]): readonly string[] {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  return [
    ...itemsOf(ranges, 'Container').flatMap((item) =>
      containers.flatMap(({ resources = {} }) => errorsOf(item, 'Container', resources)),
    ),
    ...itemsOf(ranges, 'Pod').flatMap((item) => errorsOf(item, 'Pod', totalOf(spec))),
  ];
}

/** Why a claim that asks for so much is forbidden. */
export const claimLimitErrors = (storage: string | undefined, ranges: readonly LimitRange[]): readonly string[] =>
  itemsOf(ranges, 'PersistentVolumeClaim').flatMap((item) => {
    const requests: Quantities = storage === undefined ? {} : { storage };
    return errorsOf(item, 'PersistentVolumeClaim', { requests, limits: requests });
  });

function errorsOf(item: LimitRangeItem, type: string, { requests = {}, limits = {} }: ResourceRequirements) {
  const errors: string[] = [];
  const above = (value: string, bound: string): boolean => quantityValue(value) > quantityValue(bound);
  for (const [resource, least] of Object.entries(item.min ?? {})) {
    const [request, limit] = [requests[resource], limits[resource]];
    const text = `minimum ${resource} usage per ${type} is ${least}`;
    if (request === undefined) errors.push(`${text}.  No request is specified`);
    else if (above(least, request)) errors.push(`${text}, but request is ${request}`);
    if (limit !== undefined && type !== 'PersistentVolumeClaim' && above(least, limit))
      errors.push(`${text}, but limit is ${limit}`);
  }
  for (const [resource, most] of Object.entries(item.max ?? {})) {
    const [request, limit] = [requests[resource], limits[resource]];
    const text = `maximum ${resource} usage per ${type} is ${most}`;
    const given = type === 'PersistentVolumeClaim' ? 'request' : 'limit';
    if (limit === undefined) errors.push(`${text}.  No ${given} is specified`);
    else if (above(limit, most)) errors.push(`${text}, but ${given} is ${limit}`);
    if (request !== undefined && given === 'limit' && above(request, most))
      errors.push(`${text}, but request is ${request}`);
  }
  for (const [resource, ratio] of Object.entries(item.maxLimitRequestRatio ?? {})) {
    const [request, limit] = [quantityValue(requests[resource] ?? '0'), quantityValue(limits[resource] ?? '0')];
    const text = `${resource} max limit to request ratio per ${type} is ${ratio}`;
    if (request === 0) errors.push(`${text}, but no request is specified or request is 0`);
    else if (limit === 0) errors.push(`${text}, but no limit is specified or limit is 0`);
    else if (limit / request > quantityValue(ratio))
      errors.push(`${text}, but provided ratio is ${(limit / request).toFixed(6)}`);
  }
  return errors;
}

/** Of all containers together; init containers run one after another, before them. */
function totalOf({ containers, initContainers = [] }: Pod['spec']): ResourceRequirements {
  const total = (which: 'requests' | 'limits'): Quantities => {
    const all = [...containers, ...initContainers].flatMap(({ resources }) => Object.keys(resources?.[which] ?? {}));
    const of = ({ resources }: Container, name: string) => quantityValue(resources?.[which]?.[name] ?? '0');
    const amount = (name: string): number =>
      Math.max(
        containers.reduce((sum, container) => sum + of(container, name), 0),
        ...initContainers.map((container) => of(container, name)),
      );
    return Object.fromEntries([...new Set(all)].map((name) => [name, written(name, amount(name))]));
  };
  return { requests: total('requests'), limits: total('limits') };
}

const written = (name: string, value: number): string =>
  name === 'cpu' ? formatMilli(Math.round(value * 1000)) : formatWhole(Math.round(value), 1024);
