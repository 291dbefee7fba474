/** Rules of a PipelineRun's spec. */

import { formatDuration, parseDuration } from '../../duration.ts';
import type { PipelineRun, PipelineTaskRunSpec } from '../pipeline-run.ts';
import {
  type Complaints,
  generic,
  invalidValue,
  missingOneOf,
  multipleOneOf,
  quoted,
  under,
  underEach,
} from './complaint.ts';
import { givenParamsErrors, paramTypeErrors } from './params.ts';
import { pipelineParamErrors, usedParamErrors } from './pipeline-params.ts';
import { pipelineSpecErrors } from './pipeline-spec.ts';
import { PropagatedParams } from './propagated-params.ts';
import { referenceErrors } from './references.ts';
import { expressionsOfValue, looksLikeResult, resultReferences } from './result-references.ts';
import { computeResourceErrors, containerSpecErrors, negativeTimeout } from './run-spec.ts';
import { completedSteps } from './step-template.ts';
import { declaredParamErrors, paramVariableErrors } from './step-variables.ts';
import { workspaceBindingErrors } from './workspaces.ts';

type Spec = PipelineRun['spec'];

export const pipelineRunSpecErrors = (spec: Spec): Complaints => [
  ...sourceErrors(spec),
  ...paramErrors(spec),
  ...propagatedParamErrors(spec),
  ...timeoutErrors(spec.timeouts),
  ...underEach('taskRunSpecs', spec.taskRunSpecs, (one) => taskRunSpecErrors(one, spec.timeouts)),
  ...statusErrors(spec.status),
  ...workspaceErrors(spec.workspaces),
];

function sourceErrors({ pipelineRef, pipelineSpec }: Spec): Complaints {
  const given = [pipelineRef, pipelineSpec].filter((source) => source !== undefined).length;
  return [
    ...(given === 0 ? [missingOneOf('pipelineRef', 'pipelineSpec')] : []),
    ...(given === 2 ? [multipleOneOf('pipelineRef', 'pipelineSpec')] : []),
    ...(pipelineRef === undefined ? [] : under('pipelineRef', referenceErrors(pipelineRef))),
    ...(pipelineSpec === undefined ? [] : under('pipelineSpec', pipelineSpecErrors(pipelineSpec))),
  ];
}

const paramErrors = ({ params = [] }: Spec): Complaints => [
  ...under('params', givenParamsErrors(params)),
  ...params.flatMap(({ name, value }) => {
    const results = expressionsOfValue(value).filter(looksLikeResult);
    return resultReferences(results).length === 0
      ? []
      : [
          invalidValue(
            `cannot use result expressions in [${results.join(' ')}] as PipelineRun parameter values`,
            `params[${name}].value`,
          ),
        ];
  }),
];

/** The run's params are seen by all that is embedded, declared or not. */
function propagatedParamErrors({ params, pipelineSpec }: Spec): Complaints {
  if (pipelineSpec?.tasks === undefined) return [];
  const { tasks } = pipelineSpec;
  const propagated = new PropagatedParams(params).declare(pipelineSpec.params);
  for (const task of tasks) propagated.pass(task.params).declare(task.taskSpec?.params);
  const { specs, complaints } = propagated;
  return [
    ...complaints,
    ...tasks.flatMap(({ taskSpec }) => {
      if (taskSpec?.steps === undefined) return [];
      const steps = completedSteps(taskSpec);
      return [...paramTypeErrors(specs), ...paramVariableErrors(steps, specs), ...declaredParamErrors(steps, specs)];
    }),
    ...pipelineParamErrors(tasks, specs),
    ...usedParamErrors(tasks, specs),
  ];
}

const milliseconds = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : parseDuration(text);

/** No timeout is more than that of the whole run; 0 is none. */
function timeoutErrors(timeouts: Spec['timeouts'] = {}): Complaints {
  const whole = milliseconds(timeouts.pipeline) ?? 3_600_000;
  const rule = 'should be <= pipeline duration';
  const part = (field: 'tasks' | 'finally'): Complaints => {
    const value = milliseconds(timeouts[field]);
    if (value === undefined || whole === 0 || (value > 0 && value <= whole) || value < 0) return [];
    const text = `${formatDuration(value)}${value === 0 ? ' (no timeout)' : ''}`;
    return [invalidValue(`${text} ${rule}`, `timeouts.${field}`)];
  };
  const tasks = milliseconds(timeouts.tasks);
  const last = milliseconds(timeouts.finally);
  const sum = tasks !== undefined && last !== undefined && tasks + last > whole;
  return [
    ...(['tasks', 'finally', 'pipeline'] as const).flatMap((field) =>
      negativeTimeout(`timeouts.${field}`, timeouts[field]),
    ),
    ...part('tasks'),
    ...part('finally'),
    ...(sum
      ? (['timeouts.tasks', 'timeouts.finally'] as const).map((path) =>
          invalidValue(`${formatDuration(tasks)} + ${formatDuration(last)} ${rule}`, path),
        )
      : []),
  ];
}

function taskRunSpecErrors(spec: PipelineTaskRunSpec, timeouts: Spec['timeouts'] = {}): Complaints {
  return [
    ...containerSpecErrors('stepSpecs', spec.stepSpecs),
    ...containerSpecErrors('sidecarSpecs', spec.sidecarSpecs),
    ...computeResourceErrors(spec),
    ...taskTimeoutErrors(spec.timeout, timeouts),
  ];
}

function taskTimeoutErrors(timeout: string | undefined, timeouts: NonNullable<Spec['timeouts']>): Complaints {
  const value = milliseconds(timeout);
  if (value === undefined) return [];
  if (value < 0) return negativeTimeout('timeout', timeout);
  const source = timeouts.tasks === undefined ? 'pipeline duration' : 'pipeline tasks duration';
  const most = milliseconds(timeouts.tasks ?? timeouts.pipeline) ?? 3_600_000;
  return most > 0 && value > most
    ? [invalidValue(`${formatDuration(value)} should be <= ${source} ${formatDuration(most)}`, 'timeout')]
    : [];
}

const statuses = ['Cancelled', 'CancelledRunFinally', 'StoppedRunFinally', 'PipelineRunPending'];

const statusErrors = (status = ''): Complaints =>
  status === '' || statuses.includes(status)
    ? []
    : [
        invalidValue(
          `${status} should be Cancelled, CancelledRunFinally, StoppedRunFinally or PipelineRunPending`,
          'status',
        ),
      ];

function workspaceErrors(workspaces: Spec['workspaces']): Complaints {
  const indexes = new Map<string, number>();
  return underEach('workspaces', workspaces, (binding, index) => {
    const before = indexes.get(binding.name);
    indexes.set(binding.name, index);
    return [
      ...workspaceBindingErrors(binding),
      ...(before === undefined
        ? []
        : [
            generic(
              `workspace ${quoted(binding.name)} provided by pipelinerun more than once, at index ${before} and ${index}`,
              'name',
            ),
          ]),
    ];
  });
}
