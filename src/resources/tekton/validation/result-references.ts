/** References to results of pipeline tasks, `tasks.TASK.results.NAME`, and where a pipeline task may have them. Pure. */

import type { Param, ParamValue } from '../param.ts';
import type { PipelineTask } from '../pipeline-spec.ts';
import type { Sidecar, Step } from '../step.ts';
import type { WhenExpression } from '../when-expression.ts';
import { textsOf } from './params.ts';
import { expressionsIn } from './variable-references.ts';

export interface ResultReference {
  /** Name of the pipeline task. */
  readonly task: string;
  readonly result: string;
}

/** `tasks.T.results.R…` or `finally.T.results.R…`. */
export function looksLikeResult(expression: string): boolean {
  const [first, , third, ...rest] = expression.split('.');
  return (first === 'tasks' || first === 'finally') && third === 'results' && rest.length > 0;
}

/** Undefined for anything else, and for more parts than a key of an object. */
export function resultReference(expression: string): ResultReference | undefined {
  const parts = expression.split('.');
  if (!looksLikeResult(expression) || parts.length > 5) return undefined;
  return { task: parts[1] ?? '', result: (parts[3] ?? '').replace(/\[\d*\*?\]/g, '') };
}

export const resultReferences = (expressions: readonly string[]): readonly ResultReference[] =>
  expressions.flatMap((expression) => resultReference(expression) ?? []);

export const expressionsOfValue = (value: ParamValue): readonly string[] => textsOf(value).flatMap(expressionsIn);

export const expressionsOfWhen = ({ input, cel, values = [] }: WhenExpression): readonly string[] =>
  [input, cel, ...values].flatMap(expressionsIn);

/** Params of the task, its matrix and what the matrix includes. */
export const allParams = ({ params = [], matrix }: PipelineTask): readonly Param[] => [
  ...params,
  ...(matrix?.params ?? []),
  ...(matrix?.include ?? []).flatMap((include) => include.params ?? []),
];

/** Results that a task needs, wherever it says so. */
const neededResults = (task: PipelineTask): readonly ResultReference[] =>
  resultReferences([
    ...allParams(task).flatMap(({ value }) => expressionsOfValue(value)),
    ...(task.when ?? []).flatMap(expressionsOfWhen),
    ...(task.taskSpec?.steps ?? []).flatMap(expressionsOfContainer),
    ...(task.taskSpec?.sidecars ?? []).flatMap(expressionsOfContainer),
  ]);

/** In the fields in which Tekton looks for results of other tasks. */
const expressionsOfContainer = (container: Step | Sidecar): readonly string[] => {
  const { name, image, imagePullPolicy, script, workingDir, command, args, env = [] } = container;
  const variables = env.map(({ value, valueFrom: { secretKeyRef, configMapKeyRef } = {} }) => [
    value,
    secretKeyRef,
    configMapKeyRef,
  ]);
  return expressionsWithin([name, image, imagePullPolicy, script, workingDir, command, args, variables]);
};

/** In every string of a JSON value. */
function expressionsWithin(value: unknown): readonly string[] {
  const found: string[] = [];
  collect(value, found);
  return found;
}

function collect(value: unknown, found: string[]): void {
  if (typeof value === 'string') {
    if (value.includes('$(')) found.push(...expressionsIn(value));
  } else if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) collect(member, found);
}

/** Names of the tasks that must be over before a task: those it names, and those whose results it needs; sorted. */
export const dependenciesOf = (task: PipelineTask): readonly string[] =>
  [...new Set([...(task.runAfter ?? []), ...neededResults(task).map((reference) => reference.task)])].sort();
