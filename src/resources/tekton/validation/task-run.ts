/** Rules of a TaskRun's spec. */

import type { TaskRun } from '../task-run.ts';
import { type Complaints, generic, invalidValue, missingOneOf, multipleOneOf, under, underEach } from './complaint.ts';
import { duplicateNames, givenParamsErrors, paramTypeErrors } from './params.ts';
import { PropagatedParams } from './propagated-params.ts';
import { referenceErrors } from './references.ts';
import { computeResourceErrors, containerSpecErrors, negativeTimeout } from './run-spec.ts';
import { completedSteps } from './step-template.ts';
import { declaredParamErrors, paramVariableErrors } from './step-variables.ts';
import { taskSpecErrors } from './task-spec.ts';
import { workspaceBindingErrors } from './workspaces.ts';

type Spec = TaskRun['spec'];

export const taskRunSpecErrors = (spec: Spec): Complaints => [
  ...sourceErrors(spec),
  ...under('params', givenParamsErrors(spec.params)),
  ...propagatedParamErrors(spec),
  ...underEach('workspaces', spec.workspaces, workspaceBindingErrors),
  ...duplicateNames(
    (spec.workspaces ?? []).map(({ name }) => name),
    (_name, index) => `workspaces[${index}]`,
  ),
  ...debugErrors(spec.debug),
  ...containerSpecErrors('stepSpecs', spec.stepSpecs),
  ...containerSpecErrors('sidecarSpecs', spec.sidecarSpecs),
  ...computeResourceErrors(spec),
  ...stateErrors(spec),
  ...negativeTimeout('timeout', spec.timeout),
];

function sourceErrors({ taskRef, taskSpec }: Spec): Complaints {
  return [
    ...(taskRef === undefined && taskSpec === undefined ? [missingOneOf('taskRef', 'taskSpec')] : []),
    ...(taskRef !== undefined && taskSpec !== undefined ? [multipleOneOf('taskRef', 'taskSpec')] : []),
    ...(taskRef === undefined ? [] : under('taskRef', referenceErrors(taskRef))),
    ...(taskSpec === undefined ? [] : under('taskSpec', taskSpecErrors(taskSpec))),
  ];
}

/** The run's params are seen by an embedded Task, declared or not. */
function propagatedParamErrors({ params, taskSpec }: Spec): Complaints {
  if (taskSpec === undefined) return [];
  const { specs, complaints } = new PropagatedParams(params).declare(taskSpec.params);
  const steps = completedSteps(taskSpec);
  return [
    ...complaints,
    ...paramTypeErrors(specs),
    ...paramVariableErrors(steps, specs),
    ...declaredParamErrors(steps, specs),
  ];
}

function debugErrors(debug: Spec['debug']): Complaints {
  if (debug?.breakpoints === undefined) return [];
  const { onFailure = '', beforeSteps = [] } = debug.breakpoints;
  const path = 'breakpoints.onFailure';
  const failure =
    onFailure === 'enabled'
      ? []
      : onFailure === ''
        ? [invalidValue('onFailure breakpoint is empty, it is only allowed to be set as enabled', path)]
        : [
            invalidValue(
              `${onFailure} is not a valid onFailure breakpoint value, onFailure breakpoint is only allowed to be set as enabled`,
              path,
            ),
          ];
  const repeated = beforeSteps.flatMap((step, index) =>
    beforeSteps.indexOf(step) === index
      ? []
      : [
          generic(
            `before step must be unique, the same step: ${step} is defined multiple times at`,
            `breakpoints.beforeSteps[${index}]`,
          ),
        ],
  );
  return under('debug', [...failure, ...repeated]);
}

function stateErrors({ status = '', statusMessage = '', retries = 0 }: Spec): Complaints {
  return [
    ...(['', 'TaskRunCancelled', 'TaskRunPending'].includes(status)
      ? []
      : [invalidValue(`${status} should be TaskRunCancelled or TaskRunPending`, 'status')]),
    ...(status === '' && statusMessage !== ''
      ? [
          invalidValue(
            `statusMessage should not be set if status is not set, but it is currently set to ${statusMessage}`,
            'statusMessage',
          ),
        ]
      : []),
    ...(retries < 0 ? [invalidValue(`${retries} should be >= 0`, 'retries')] : []),
  ];
}
