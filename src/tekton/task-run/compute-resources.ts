/** Requests and limits of a run's steps: those of all together divided, those of single ones laid over. Pure. */

import type { Draft } from '../../client/client.ts';
import type { LimitRange, LimitRangeItem } from '../../resources/core/limit-range.ts';
import type { Container, Pod, ResourceRequirements } from '../../resources/core/pod.ts';
import { formatMilli, formatWhole, quantityValue } from '../../resources/quantity.ts';
import type { RunDefaults } from '../../resources/tekton/defaults/configured.ts';
import type { Step } from '../../resources/tekton/step.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { userError } from './failure.ts';
import { isStep } from './step-names.ts';
import { mergeResources } from './step-template.ts';

type Quantities = NonNullable<ResourceRequirements['requests']>;

/** @throws TaskRunFailure for a request above its limit */
export function checkRequests({ steps = [], stepTemplate }: TaskSpec): void {
  for (const step of steps)
    for (const [resource, request] of Object.entries(step.computeResources?.requests ?? {})) {
      const limit = step.computeResources?.limits?.[resource] ?? stepTemplate?.computeResources?.limits?.[resource];
      if (limit !== undefined && quantityValue(limit) < quantityValue(request))
        throw userError(`invalid request resource value: ${request} must be less or equal to limit ${limit}`);
    }
}

/** @throws TaskRunFailure for a name that is no step or sidecar */
export function checkOverrides({ spec }: TaskRun, { steps = [], sidecars = [] }: TaskSpec): void {
  const named = (list: readonly { readonly name?: string }[], name: string): boolean =>
    list.some((item) => item.name === name);
  const unknown = [
    ...(spec.stepSpecs ?? [])
      .filter(({ name = '' }) => !named(steps, name))
      .map(({ name }) => `invalid StepOverride: No Step named ${name}`),
    ...(spec.sidecarSpecs ?? [])
      .filter(({ name = '' }) => !named(sidecars, name))
      .map(({ name }) => `invalid SidecarOverride: No Sidecar named ${name}`),
  ];
  if (unknown.length > 0) throw userError(unknown.join('\n'));
}

type Overrides = TaskRun['spec']['stepSpecs'];

/** Requests and limits that the run says for single ones, over those of the Task. */
export const withOverrides = <C extends { readonly name?: string; readonly computeResources?: ResourceRequirements }>(
  containers: readonly C[],
  overrides: Overrides,
): readonly C[] =>
  overrides === undefined
    ? containers
    : containers.map((container) => {
        const over = overrides.find(({ name }) => name === container.name)?.computeResources;
        const computeResources = mergeResources(container.computeResources, over);
        return over === undefined || computeResources === undefined ? container : { ...container, computeResources };
      });

/** `spec.computeResources`: requests are shared out evenly, limits are each step's. */
export function shareOut(steps: readonly Step[], total: ResourceRequirements | undefined): readonly Step[] {
  if (total === undefined || (total.requests === undefined && total.limits === undefined)) return steps;
  const share = divided(total.requests, steps.length);
  const ofLimits = divided(total.limits, steps.length);
  return steps.map((step) => {
    const own = step.computeResources?.requests;
    // Kubernetes would take the whole limit as each step's request.
    const requests = own === undefined && share === undefined ? ofLimits : { ...own, ...share };
    return {
      ...step,
      computeResources: {
        ...(requests === undefined || Object.keys(requests).length === 0 ? {} : { requests }),
        ...(total.limits === undefined ? {} : { limits: total.limits }),
      },
    };
  });
}

function divided(quantities: Quantities | undefined, parts: number): Quantities | undefined {
  if (quantities === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(quantities).map(([resource, quantity]) => [
      resource,
      resource === 'memory' || resource === 'ephemeral-storage'
        ? wholePart(quantity, parts)
        : milliPart(quantity, parts),
    ]),
  );
}

/** Whole bytes of the quantity's own kind of unit. */
const wholePart = (quantity: string, parts: number): string =>
  formatWhole(Math.floor(quantityValue(quantity) / parts), /[KMGTPE]i$/.test(String(quantity)) ? 1024 : 1000);

const milliPart = (quantity: string, parts: number): string =>
  formatMilli(Math.floor(Math.round(quantityValue(quantity) * 1000) / parts));

/**
 * The administrator's requests and limits of containers that have none: by name, by the name's beginning (`prefix-step` is
 * `step-…`), else those of `default`.
 */
export function withResourcesOf(pod: Draft<Pod>, resources: NonNullable<RunDefaults['resources']>): Draft<Pod> {
  const entries = Object.entries(resources);
  if (entries.length === 0) return pod;
  const beginning = (key: string, name: string): boolean =>
    key.startsWith('prefix-') && name.startsWith(`${key.slice('prefix-'.length)}-`);
  const found = (name: string): ResourceRequirements | undefined =>
    resources[name] ?? entries.find(([key]) => beginning(key, name))?.[1] ?? resources.default;
  const sized = (container: Container): Container => {
    const { requests = {}, limits = {} } = container.resources ?? {};
    const usual = Object.keys({ ...requests, ...limits }).length === 0 ? found(container.name) : undefined;
    return usual === undefined ? container : { ...container, resources: usual };
  };
  const { containers, initContainers } = pod.spec;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: containers.map(sized),
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(sized) }),
    },
  };
}

/** What Tekton asks for steps that say nothing where a namespace has LimitRanges. */
const known = ['cpu', 'memory', 'ephemeral-storage'];

/**
 * Default requests of the namespace's LimitRanges are shared out among the steps, for one runs at a time; none is less than
 * their minimum. Sidecars, and limits, are the API server's.
 */
export function withRequestsOf(pod: Draft<Pod>, ranges: readonly LimitRange[]): Draft<Pod> {
  const items = ranges.flatMap(({ spec }) => spec.limits).filter(({ type }) => type === 'Container');
  if (items.length === 0) return pod;
  const steps = pod.spec.containers.filter(({ name }) => isStep(name)).length;
  const shares = Object.fromEntries(
    known.flatMap((resource) => {
      const share = divided(pick(smallest, items, 'defaultRequest', resource), steps);
      const least = pick(largest, items, 'min', resource);
      const request = largest([share?.[resource], least?.[resource]]);
      return request === undefined || quantityValue(request) === 0 ? [] : [[resource, request]];
    }),
  );
  const containers = pod.spec.containers.map((container) => {
    const { resources } = container;
    const requests = { ...withinLimits(shares, resources?.limits), ...resources?.requests };
    const isOpen = isStep(container.name) && Object.keys(requests).length > 0;
    return isOpen ? { ...container, resources: { ...resources, requests } } : container;
  });
  return { ...pod, spec: { ...pod.spec, containers } };
}

/** A default is no more than what the step may take. */
const withinLimits = (shares: Quantities, limits: Quantities = {}): Quantities =>
  Object.fromEntries(
    Object.entries(shares).map(([resource, share]) => [resource, smallest([share, limits[resource]]) ?? share]),
  );

type Choice = (quantities: readonly (string | undefined)[]) => string | undefined;

const best =
  (isBetter: (one: number, other: number) => boolean): Choice =>
  (quantities) =>
    quantities.reduce(
      (a, b) => (a === undefined || (b !== undefined && isBetter(quantityValue(b), quantityValue(a))) ? b : a),
      undefined,
    );
const smallest = best((one, other) => one < other);
const largest = best((one, other) => one > other);

function pick(
  choice: Choice,
  items: readonly LimitRangeItem[],
  field: 'defaultRequest' | 'min',
  resource: string,
): Quantities | undefined {
  const found = choice(items.map((item) => item[field]?.[resource]));
  return found === undefined ? undefined : { [resource]: found };
}
