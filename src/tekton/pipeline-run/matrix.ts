/** The combinations of params that a matrix makes of a task. Pure. */

import type { Param, ParamValue } from '../../resources/tekton/param.ts';
import type { Matrix, PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import { PipelineRunFailure } from './types.ts';

type Combination = ReadonlyMap<string, string>;

/** The params of each run, by the order of their names. A list that is empty makes none. */
export function combinationsOf(matrix: Matrix): readonly (readonly Param[])[] {
  const includes = (matrix.include ?? []).map(
    ({ params = [] }): Combination => new Map(params.map(({ name, value }) => [name, String(value)])),
  );
  const lists = matrix.params ?? [];
  if (lists.length === 0) return includes.map(toParams);
  const product = lists.reduce<readonly Combination[]>(
    (combinations, { name, value }) =>
      listOf(value).flatMap((item) => combinations.map((combination) => new Map([...combination, [name, item]]))),
    [new Map()],
  );
  const combinations = product.map((combination) => filled(combination, includes));
  for (const include of includes) if (isNew(combinations, include)) combinations.push(include);
  return combinations.map(toParams);
}

/** With all that is included into it. */
function filled(combination: Combination, includes: readonly Combination[]): Combination {
  let all = combination;
  for (const include of includes) if (agrees(all, include)) all = new Map([...all, ...include]);
  return all;
}

export const countOf = (matrix: Matrix): number => combinationsOf(matrix).length;

/** Whether one of its lists has nothing in it. */
export const hasEmptyList = (matrix: Matrix): boolean =>
  (matrix.params ?? []).some(({ value }) => Array.isArray(value) && value.length === 0);

const listOf = (value: ParamValue): readonly string[] => (Array.isArray(value) ? (value as readonly string[]) : []);

/** Whether the params that both have are equal. */
const agrees = (combination: Combination, include: Combination): boolean =>
  [...include].every(([name, value]) => !combination.has(name) || combination.get(name) === value);

/** It names nothing that any combination has: then it is one by itself. */
const isNew = (all: readonly Combination[], include: Combination): boolean =>
  include.size > 0 &&
  all.every((combination) => [...include].every(([name, value]) => combination.get(name) !== value));

const toParams = (combination: Combination): readonly Param[] =>
  [...combination].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({ name, value }));

/**
 * Once all variables are replaced.
 * @param most runs that it may make @throws PipelineRunFailure for values of the wrong type, and for too many
 */
export function checkMatrix({ name, matrix }: PipelineTask, most: number): void {
  if (matrix === undefined) return;
  const fail = (reason: string, text: string): never => {
    throw new PipelineRunFailure(reason, text);
  };
  const wrong = (allowed: string, param: Param): never =>
    fail(
      'InvalidMatrixParameterTypes',
      `parameters of type ${allowed} only are allowed, but param "${param.name}" has type "${typeof param.value === 'string' ? 'string' : Array.isArray(param.value) ? 'array' : 'object'}" in pipelineTask "${name}"`,
    );
  for (const { params = [] } of matrix.include ?? [])
    for (const param of params) if (typeof param.value !== 'string') wrong('string', param);
  for (const param of matrix.params ?? []) if (!Array.isArray(param.value)) wrong('array', param);
  const count = countOf(matrix);
  if (count > most)
    fail('PipelineValidationFailed', `task ${JSON.stringify(name)}: expected 0 <= ${count} <= ${most}: matrix`);
}
