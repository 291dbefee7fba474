/** Rules that the specs of all runs share. */

import type { ResourceRequirements } from '../../core/pod.ts';
import { parseDuration } from '../../duration.ts';
import type { TaskRun } from '../task-run.ts';
import { type Complaints, invalidValue, missingField, multipleOneOf, underEach } from './complaint.ts';
import { duplicateNames } from './params.ts';
import { signed } from './steps.ts';

type TaskRunSpec = TaskRun['spec'];

/** `stepSpecs`, `sidecarSpecs`: each is named, once. */
export const containerSpecErrors = (field: string, specs: TaskRunSpec['stepSpecs'] = []): Complaints => [
  ...underEach(field, specs, ({ name }) => (name ? [] : [missingField('name')])),
  ...duplicateNames(
    specs.flatMap(({ name }) => name || []),
    (_name, index) => `${field}[${index}]`,
  ),
];

const saysAnything = (resources: ResourceRequirements = {}): boolean =>
  Object.values(resources).some((amounts = {}) => Object.keys(amounts).length > 0);

/** Resources are said of the whole run or of its steps, not of both. */
export const computeResourceErrors = ({
  computeResources,
  stepSpecs = [],
}: Pick<TaskRunSpec, 'computeResources' | 'stepSpecs'>): Complaints =>
  computeResources !== undefined && stepSpecs.some((step) => saysAnything(step.computeResources))
    ? [multipleOneOf('stepSpecs.resources', 'computeResources')]
    : [];

export const negativeTimeout = (path: string, timeout: string | undefined): Complaints =>
  timeout !== undefined && (parseDuration(timeout) ?? 0) < 0
    ? [invalidValue(`${signed(timeout)} should be >= 0`, path)]
    : [];
