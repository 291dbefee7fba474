/** Durations and quantities that are none. Tekton's webhook cannot even read such an object, and says so in Go's words. */

import { durationFault } from '../../duration.ts';
import { parseQuantity } from '../../quantity.ts';
import type { PipelineRun } from '../pipeline-run.ts';
import type { PipelineSpec, PipelineTask } from '../pipeline-spec.ts';
import type { StepTemplate } from '../step.ts';
import type { TaskRun } from '../task-run.ts';
import type { TaskSpec } from '../task-spec.ts';
import type { WorkspaceBinding } from '../workspace.ts';

/** A text that must be read as something. */
interface Reading {
  readonly path: string;
  readonly type: 'duration' | 'quantity';
  readonly text: unknown;
}
type Readings = readonly Reading[];

const below = (prefix: string, readings: Readings): Readings =>
  readings.map((reading) => ({ ...reading, path: `${prefix}.${reading.path}` }));

const ofEach = <T>(prefix: string, items: readonly T[] | undefined, readings: (item: T) => Readings): Readings =>
  (items ?? []).flatMap((item, index) => below(`${prefix}[${index}]`, readings(item)));

const ofOne = <T>(prefix: string, item: T | undefined, readings: (item: T) => Readings): Readings =>
  item === undefined ? [] : below(prefix, readings(item));

const timeout = (text: string | undefined): Readings => (text === undefined ? [] : duration('timeout', text));
const duration = (path: string, text: string): Readings => [{ path, type: 'duration', text }];

type Resources = NonNullable<StepTemplate['computeResources']>;

const resources = (given: Pick<Resources, 'limits' | 'requests'>): Readings =>
  (['limits', 'requests'] as const).flatMap((field) =>
    Object.entries(given[field] ?? {}).map(([name, text]) => ({ path: `${field}.${name}`, type: 'quantity', text })),
  );

const computeResources = (given: { readonly computeResources?: Resources }): Readings =>
  ofOne('computeResources', given.computeResources, resources);

const divisors = ({ env }: Pick<StepTemplate, 'env'>): Readings =>
  ofEach('env', env, ({ valueFrom }) => {
    const divisor = valueFrom?.resourceFieldRef?.divisor;
    return divisor === undefined
      ? []
      : [{ path: 'valueFrom.resourceFieldRef.divisor', type: 'quantity' as const, text: divisor }];
  });

const container = (given: StepTemplate): Readings => [...computeResources(given), ...divisors(given)];

const sizeLimit = ({ emptyDir }: Pick<WorkspaceBinding, 'emptyDir'>): Readings =>
  emptyDir?.sizeLimit === undefined ? [] : [{ path: 'emptyDir.sizeLimit', type: 'quantity', text: emptyDir.sizeLimit }];

const workspace = (binding: WorkspaceBinding): Readings => [
  ...sizeLimit(binding),
  ...ofOne('volumeClaimTemplate.spec.resources', binding.volumeClaimTemplate?.spec?.resources, (given) =>
    resources(given as Resources),
  ),
];

export const taskSpecReadings = ({ steps, stepTemplate, sidecars, volumes }: TaskSpec): Readings => [
  ...ofEach('steps', steps, (step) => [...timeout(step.timeout), ...container(step)]),
  ...ofOne('stepTemplate', stepTemplate, container),
  ...ofEach('sidecars', sidecars, container),
  ...ofEach('volumes', volumes, sizeLimit),
];

const pipelineTaskReadings = (task: PipelineTask): Readings => [
  ...timeout(task.timeout),
  ...ofOne('taskSpec', task.taskSpec, taskSpecReadings),
  ...ofOne('pipelineSpec', task.pipelineSpec, pipelineSpecReadings),
];

export function pipelineSpecReadings({ tasks, finally: last }: PipelineSpec): Readings {
  return [...ofEach('tasks', tasks, pipelineTaskReadings), ...ofEach('finally', last, pipelineTaskReadings)];
}

type ContainerSpecs = Pick<TaskRun['spec'], 'stepSpecs' | 'sidecarSpecs' | 'computeResources'>;

const containerSpecs = (spec: ContainerSpecs): Readings => [
  ...ofEach('stepSpecs', spec.stepSpecs, computeResources),
  ...ofEach('sidecarSpecs', spec.sidecarSpecs, computeResources),
  ...computeResources(spec),
];

export const taskRunReadings = (spec: TaskRun['spec']): Readings => [
  ...timeout(spec.timeout),
  ...containerSpecs(spec),
  ...ofEach('workspaces', spec.workspaces, workspace),
  ...ofOne('taskSpec', spec.taskSpec, taskSpecReadings),
];

export const pipelineRunReadings = (spec: PipelineRun['spec']): Readings => [
  ...Object.entries(spec.timeouts ?? {}).flatMap(([name, text]) =>
    text === undefined ? [] : duration(`timeouts.${name}`, text),
  ),
  ...ofEach('taskRunSpecs', spec.taskRunSpecs, (one) => [...timeout(one.timeout), ...containerSpecs(one)]),
  ...ofEach('workspaces', spec.workspaces, workspace),
  ...ofOne('pipelineSpec', spec.pipelineSpec, pipelineSpecReadings),
];

export const customRunReadings = (spec: {
  readonly timeout?: string;
  readonly workspaces?: readonly WorkspaceBinding[];
}): Readings => [...timeout(spec.timeout), ...ofEach('workspaces', spec.workspaces, workspace)];

/** What is wrong with the first that cannot be read. */
export function unreadable(readings: Readings): string | undefined {
  for (const { path, type, text } of readings) {
    const fault = type === 'duration' ? durationFault(String(text)) : quantityFault(text);
    if (fault !== undefined) return `cannot decode incoming new object: ${fault}: spec.${path}`;
  }
  return undefined;
}

const wrongForm = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

function quantityFault(value: unknown): string | undefined {
  if (typeof value === 'number' || parseQuantity(String(value)) !== undefined) return undefined;
  return /^[+-]?(\d+\.?\d*|\.\d+)[eEinumkKMGTP]*[-+]?\d*$/.test(String(value))
    ? "unable to parse quantity's suffix"
    : wrongForm;
}
