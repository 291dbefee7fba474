/** Requests and limits of a run's steps: those of all together divided, those of single ones laid over. Pure. */

import type { ResourceRequirements } from '../../resources/core/pod.ts';
import { quantityValue } from '../../resources/quantity.ts';
import type { Step } from '../../resources/tekton/step.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { userError } from './failure.ts';
import { mergeResources } from './step-template.ts';

type Quantities = NonNullable<ResourceRequirements['requests']>;

/** @throws TaskRunFailure for a request above its limit, and for a name that is no step or sidecar */
export function checkResources({ spec }: TaskRun, { steps = [], sidecars = [], stepTemplate }: TaskSpec): void {
  for (const step of steps)
    for (const [resource, request] of Object.entries(step.computeResources?.requests ?? {})) {
      const limit = step.computeResources?.limits?.[resource] ?? stepTemplate?.computeResources?.limits?.[resource];
      if (limit !== undefined && quantityValue(limit) < quantityValue(request))
        throw userError(`invalid request resource value: ${request} must be less or equal to limit ${limit}`);
    }
  const named = (list: readonly { readonly name?: string }[], name: string): boolean =>
    list.some((item) => item.name === name);
  for (const { name = '' } of spec.stepSpecs ?? [])
    if (!named(steps, name)) throw userError(`invalid StepOverride: No Step named ${name}`);
  for (const { name = '' } of spec.sidecarSpecs ?? [])
    if (!named(sidecars, name)) throw userError(`invalid SidecarOverride: No Sidecar named ${name}`);
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

const binary = ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki'];
const decimal = ['E', 'P', 'T', 'G', 'M', 'k'];

/** In the largest unit of the quantity's own kind that leaves no fraction, as Kubernetes writes it. */
function wholePart(quantity: string, parts: number): string {
  const value = Math.floor(quantityValue(quantity) / parts);
  const base = /[KMGTPE]i$/.test(String(quantity)) ? 1024 : 1000;
  const units = base === 1024 ? binary : decimal;
  for (const [index, unit] of units.entries()) {
    const size = base ** (units.length - index);
    if (value >= size && value % size === 0) return `${value / size}${unit}`;
  }
  return String(value);
}

function milliPart(quantity: string, parts: number): string {
  const milli = Math.floor(Math.round(quantityValue(quantity) * 1000) / parts);
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
}
