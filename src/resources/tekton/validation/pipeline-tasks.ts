/** Rules of single pipeline tasks: their names, what they run, custom tasks, onError, matrix. */

import { isDns1123Label } from '../../names.ts';
import type { Matrix, PipelineSpec, PipelineTask } from '../pipeline-spec.ts';
import {
  type Complaint,
  type Complaints,
  detailed,
  generic,
  invalidValue,
  missingOneOf,
  multipleOneOf,
  under,
  underEach,
} from './complaint.ts';
import { repeatedParamErrors } from './params.ts';
import { referenceErrors } from './references.ts';
import { allParams } from './result-references.ts';
import { taskSpecErrors } from './task-spec.ts';

/** @param pipelineErrors rules of a Pipeline inside of this one */
export function pipelineTaskErrors(
  { tasks, finally: last }: PipelineSpec,
  pipelineErrors: (spec: PipelineSpec) => Complaints,
): Complaints {
  const names = new Set<string>();
  const rules = (task: PipelineTask): Complaints => {
    const again = names.has(task.name);
    names.add(task.name);
    return [
      ...nameErrors(task.name),
      ...(again ? [multipleOneOf('name')] : []),
      ...sourceErrors(task),
      ...embeddedTypeErrors(task),
      ...onErrorErrors(task),
      ...(isCustom(task) ? customTaskErrors(task) : partErrors(task, pipelineErrors)),
    ];
  };
  return [...underEach('tasks', tasks, rules), ...underEach('finally', last, rules)];
}

const nameErrors = (name = ''): Complaints =>
  isDns1123Label(name)
    ? []
    : [
        detailed(
          `invalid value ${JSON.stringify(name)}`,
          'name',
          'Pipeline Task name must be a valid DNS Label.For more info refer to https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names',
        ),
      ];

const sources = ['taskRef', 'taskSpec', 'pipelineRef', 'pipelineSpec'] as const;

function sourceErrors(task: PipelineTask): Complaints {
  const given = sources.filter((source) => task[source] !== undefined);
  if (given.length === 1) return [];
  return [given.length === 0 ? missingOneOf(...sources) : generic('expected exactly one, got multiple', ...given)];
}

function embeddedTypeErrors({ taskSpec }: PipelineTask): Complaints {
  if ((taskSpec?.steps ?? []).length === 0) return [];
  return (['apiVersion', 'kind'] as const)
    .filter((field) => taskSpec?.[field])
    .map((field) => generic(`taskSpec.${field} cannot be specified when using taskSpec.steps`, `taskSpec.${field}`));
}

export function onErrorErrors({ onError = '', retries = 0 }: PipelineTask): Complaints {
  if (onError === '' || onError.startsWith('$(params')) return [];
  if (onError !== 'continue' && onError !== 'stopAndFail')
    return [invalidValue(onError, 'OnError', 'PipelineTask OnError must be either "continue" or "stopAndFail"')];
  return onError === 'continue' && retries > 0
    ? [generic('PipelineTask OnError cannot be set to "continue" when Retries is greater than 0', '')]
    : [];
}

/** Another kind, or any apiVersion, makes a custom task. */
function isCustom({ taskRef, taskSpec }: PipelineTask): boolean {
  return [taskRef, taskSpec].some(
    ({ kind = '', apiVersion = '' } = {}) => (kind !== '' && kind !== 'Task') || apiVersion !== '',
  );
}

function customTaskErrors({ taskRef, taskSpec }: PipelineTask): Complaints {
  const rules = (field: string, what: string, kind = '', apiVersion = ''): readonly Complaint[] => [
    ...(kind === '' ? [invalidValue(`custom task ${what} must specify kind`, `${field}.kind`)] : []),
    ...(apiVersion === ''
      ? [invalidValue(`custom task ${what} must specify apiVersion`, `${field}.apiVersion`)]
      : /^[^/]+\/[^/]+$/.test(apiVersion)
        ? []
        : [
            invalidValue(
              `invalid apiVersion format ${JSON.stringify(apiVersion)}, must be in the format "group/version"`,
              `${field}.apiVersion`,
            ),
          ]),
  ];
  return [
    ...(taskRef === undefined ? [] : rules('taskRef', 'ref', taskRef.kind, taskRef.apiVersion)),
    ...(taskSpec === undefined ? [] : rules('taskSpec', 'spec', taskSpec.kind, taskSpec.apiVersion)),
  ];
}

function partErrors(
  { taskSpec, taskRef, pipelineRef, pipelineSpec }: PipelineTask,
  pipelineErrors: (spec: PipelineSpec) => Complaints,
): Complaints {
  return [
    ...(taskSpec === undefined ? [] : under('taskSpec', taskSpecErrors(taskSpec))),
    ...(taskRef === undefined ? [] : under('taskRef', referenceErrors(taskRef))),
    ...(pipelineRef === undefined ? [] : under('pipelineRef', referenceErrors(pipelineRef))),
    ...(pipelineSpec === undefined ? [] : under('pipelineSpec', pipelineErrors(pipelineSpec))),
  ];
}

export const isMatrixed = ({ matrix }: PipelineTask): boolean =>
  (matrix?.params ?? []).length > 0 || (matrix?.include ?? []).length > 0;

export function matrixErrors(task: PipelineTask): Complaints {
  const { matrix, params = [] } = task;
  if (matrix === undefined || !isMatrixed(task)) return [];
  const own = new Set(allParams({ ...task, params: [] }).map(({ name }) => name));
  return [
    ...underEach('matrix.include', matrix.include, (include) => under('params', repeatedParamErrors(include.params))),
    ...under('matrix.params', repeatedParamErrors(matrix.params)),
    ...params
      .filter(({ name }) => own.has(name))
      .map(({ name }) => multipleOneOf(`matrix[${name}]`, `params[${name}]`)),
  ];
}

/** Those of the params, and those that the included add. */
export function combinationsOf({ params = [], include = [] }: Matrix): number {
  if (params.length === 0) return include.length;
  const lists = new Map(params.map(({ name, value }) => [name, Array.isArray(value) ? (value as string[]) : []]));
  const product = [...lists.values()].reduce((total, list) => total * Math.max(1, list.length), 1);
  const added = include.filter(({ params: given = [] }) =>
    given.some(({ name, value }) => lists.has(name) && !lists.get(name)?.includes(value as string)),
  );
  return product + added.length;
}
