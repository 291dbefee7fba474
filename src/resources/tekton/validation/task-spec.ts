/** Rules of a TaskSpec, of a Task or embedded in something. */

import type { TaskSpec } from '../task-spec.ts';
import { type Complaints, generic, missingField, quoted, under, underEach } from './complaint.ts';
import { paramTypeErrors } from './params.ts';
import { taskResultErrors } from './results.ts';
import { completedSteps } from './step-template.ts';
import {
  contextVariableErrors,
  declaredParamErrors,
  paramVariableErrors,
  resultVariableErrors,
} from './step-variables.ts';
import { sidecarsErrors, stepsErrors } from './steps.ts';
import { declaredWorkspaceErrors, usedWorkspaceErrors } from './workspaces.ts';

export function taskSpecErrors(spec: TaskSpec): Complaints {
  const steps = completedSteps(spec);
  return [
    ...(steps.length === 0 ? [missingField('steps')] : []),
    ...volumeErrors(spec.volumes),
    ...declaredWorkspaceErrors(spec),
    ...usedWorkspaceErrors(spec),
    ...under('steps', stepsErrors(steps)),
    ...under('sidecars', sidecarsErrors(spec.sidecars)),
    ...under('params', paramTypeErrors(spec.params)),
    ...paramVariableErrors(steps, spec.params),
    ...contextVariableErrors(steps),
    ...resultVariableErrors(steps, spec.results),
    ...underEach('results', spec.results, taskResultErrors),
  ];
}

/** A Task that stands alone gets no params from outside, so that it declares all it uses. */
export const taskErrors = (spec: TaskSpec): Complaints =>
  under('spec', [...taskSpecErrors(spec), ...declaredParamErrors(completedSteps(spec), spec.params)]);

function volumeErrors(volumes: TaskSpec['volumes']): Complaints {
  const names = new Set<string>();
  return underEach('volumes', volumes, ({ name }) => {
    const again = names.has(name);
    names.add(name);
    return again ? [generic(`multiple volumes with same name ${quoted(name)}`, 'name')] : [];
  });
}
