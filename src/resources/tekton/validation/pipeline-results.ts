/** Rules of results and of other tasks' statuses in a Pipeline. */

import type { PipelineResult, PipelineSpec, PipelineTask } from '../pipeline-spec.ts';
import { type Complaints, generic, invalidValue, under, underEach } from './complaint.ts';
import { isMatrixed } from './pipeline-tasks.ts';
import {
  expressionsOfValue,
  expressionsOfWhen,
  looksLikeResult,
  resultReference,
  resultReferences,
} from './result-references.ts';

const namesOf = (tasks: readonly PipelineTask[] = []): ReadonlySet<string> => new Set(tasks.map(({ name }) => name));

/** Looks at the expressions of each param and each when of a task. */
function inTask(task: PipelineTask, rule: (expressions: readonly string[], path: string) => Complaints): Complaints {
  return [
    ...(task.params ?? []).flatMap(({ name, value }) =>
      under(`params[${name}]`, rule(expressionsOfValue(value), 'value')),
    ),
    ...underEach('when', task.when, (expression) => rule(expressionsOfWhen(expression), '')),
  ];
}

const isStatus = (expression: string): boolean =>
  /^tasks\..*(\.status|\.reason)$|^tasks\.(status|reason)$/.test(expression);

/** How tasks ended is known to finally tasks only. */
export function executionStatusErrors({ tasks, finally: last }: PipelineSpec): Complaints {
  const names = namesOf(tasks);
  return [
    ...underEach('tasks', tasks, (task) =>
      inTask(task, (expressions, path) =>
        !expressions.some(looksLikeResult) && expressions.some(isStatus)
          ? [
              invalidValue(
                'pipeline tasks can not refer to execution status of any other pipeline task or aggregate status of tasks',
                path,
              ),
            ]
          : [],
      ),
    ),
    ...underEach('finally', last, (task) =>
      inTask(task, (expressions, path) =>
        expressions.some(looksLikeResult)
          ? []
          : expressions
              .filter((expression) => expression !== 'tasks.status' && isStatus(expression))
              .map((expression) => expression.replace(/^tasks\./, '').replace(/\.(status|reason)$/, ''))
              .filter((name) => !names.has(name))
              .map((name) => invalidValue(`pipeline task ${name} is not defined in the pipeline`, path)),
      ),
    ),
  ];
}

export function pipelineResultErrors({ results, tasks, finally: last }: PipelineSpec): Complaints {
  const known = { tasks: namesOf(tasks), finally: namesOf(last) };
  return underEach('results', results, (result) => resultErrors(result, known));
}

function resultErrors(
  { value }: PipelineResult,
  known: Readonly<Record<'tasks' | 'finally', ReadonlySet<string>>>,
): Complaints {
  const expressions = expressionsOfValue(value);
  const results = expressions.filter(looksLikeResult);
  const references = resultReferences(results);
  const expected = 'expected pipeline results to be task result expressions but';
  return [
    ...(expressions.length === 0 ? [invalidValue(`${expected} no expressions were found`, 'value')] : []),
    ...(results.length === 0 ? [invalidValue(`${expected} an invalid expressions was found`, 'value')] : []),
    ...(results.length === references.length
      ? []
      : [
          invalidValue(
            `expected all of the expressions [${results.join(' ')}] to be result expressions but only [${references
              .map(({ task, result }) => `${task}.${result}`)
              .join(' ')}] were`,
            'value',
          ),
        ]),
    ...(typeof value === 'string' && !namesKnownTasks(value, known)
      ? [invalidValue('referencing a nonexistent task', 'value')]
      : []),
  ];
}

/** Every `$…` of the text is a result of a task that there is. */
const namesKnownTasks = (text: string, known: Readonly<Record<'tasks' | 'finally', ReadonlySet<string>>>): boolean =>
  text
    .split('$')
    .filter((part) => part !== '')
    .every((part) => {
      const expression = `$${part}`.replace(/^\$\(/, '').replace(/\)$/, '');
      const reference = resultReference(expression);
      return (
        reference !== undefined && known[expression.startsWith('finally') ? 'finally' : 'tasks'].has(reference.task)
      );
    });

/** Finally tasks wait for all tasks, and take results of those only. */
export function finallyErrors({ tasks = [], finally: last = [] }: PipelineSpec): Complaints {
  const names = namesOf(tasks);
  const lastNames = namesOf(last);
  const start = 'invalid task result reference, final task has task result reference from a';
  return [
    ...(last.length > 0 && tasks.length === 0
      ? [invalidValue(`spec.tasks is empty but spec.finally has ${last.length} tasks`, 'finally')]
      : []),
    ...underEach('finally', last, (task) => [
      ...((task.runAfter ?? []).length > 0
        ? [invalidValue(`no runAfter allowed under spec.finally, final task ${task.name} has runAfter specified`, '')]
        : []),
      ...inTask(task, (expressions, path) =>
        resultReferences(expressions).flatMap(({ task: name }) => {
          if (lastNames.has(name)) return [invalidValue(`${start} final task ${name}`, path)];
          return names.has(name)
            ? []
            : [invalidValue(`${start} task ${name} which is not defined in the pipeline`, path)];
        }),
      ),
    ]),
  ];
}

/** Results of a task that runs once per combination are lists, of strings. */
export function matrixResultErrors(tasks: readonly PipelineTask[] = []): Complaints {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const used = tasks
    .flatMap(({ params = [] }) => params.flatMap(({ value }) => expressionsOfValue(value)))
    .filter((expression) => {
      const producer = byName.get(resultReference(expression)?.task ?? '');
      return producer !== undefined && isMatrixed(producer);
    });
  const single = used.filter((expression) => !expression.endsWith('[*]'));
  if (single.length > 0)
    return single.map((expression) =>
      generic(
        `A matrixed pipelineTask can only be consumed in aggregate using [*] notation, but is currently set to ${expression}`,
        '',
      ),
    );
  return resultReferences(used).flatMap(({ task, result }) =>
    (byName.get(task)?.taskSpec?.results ?? [])
      .filter(({ name, type = 'string' }) => name === result && type !== 'string')
      .map(({ type }) =>
        invalidValue(
          `Matrixed PipelineTasks emitting results must have an underlying type string, but result ${result} has type ${type} in pipelineTask`,
          '',
        ),
      ),
  );
}
