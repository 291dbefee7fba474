/** The params of a PipelineRun: what the Pipeline asks of them. Pure. */

import type { Param, ParamSpec, ParamValue } from '../../resources/tekton/param.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { PipelineSpec } from '../../resources/tekton/pipeline-spec.ts';
import {
  goList,
  goMap,
  indexesOutOfBounds,
  missingKeys,
  problemOfEnums,
  typeOfSpec,
  typeOfValue,
  valuesOfParams,
} from '../variables/params.ts';
import { setParam, type Variables } from '../variables/substitution.ts';
import { PipelineRunFailure } from './types.ts';

/** @throws PipelineRunFailure with the first fault, in Tekton's order @param pipeline name of the Pipeline */
export function checkParams(run: PipelineRun, spec: PipelineSpec, pipeline: string): void {
  const declared = spec.params ?? [];
  const given = run.spec.params ?? [];
  const { namespace = '', name } = run.metadata;
  const of = `Pipeline ${namespace}/${pipeline}`;
  const fail = (reason: string, text: string): never => {
    throw new PipelineRunFailure(reason, `[User error] PipelineRun ${namespace}/${name} ${text}`);
  };
  const missing = missingNames(declared, given);
  if (missing.length > 0)
    fail(
      'ParameterMissing',
      `is missing some parameters required by ${of}: pipelineRun missing parameters: ${goList(missing)}`,
    );
  const wrong = wrongTypes(declared, given);
  if (wrong.length > 0)
    fail(
      'ParameterTypeMismatch',
      `parameters have mismatching types with ${of}'s parameters: parameters have inconsistent types : ${goList(wrong)}`,
    );
  const values = valuesOfParams(declared, given);
  const enums = problemOfEnums(
    declared,
    [...values].map(([param, value]) => ({ name: param, value })),
  );
  if (enums !== undefined) fail('InvalidParamValue', `parameters have invalid value: ${enums}`);
  const keys = missingKeys(declared, given);
  if (keys.size > 0)
    fail(
      'ObjectParameterMissKeys',
      `parameters is missing object keys required by ${of}'s parameters: pipelineRun missing object keys for parameters: ${goMap(keys)}`,
    );
  const outside = indexesOutOfBounds(checkedForIndexes(spec), values);
  if (outside.length > 0)
    fail(
      'ParamArrayIndexingInvalid',
      `failed validation: failed to validate ${of}'s parameter which has an invalid index while referring to an array: non-existent param references:${goList([...outside].sort())}`,
    );
}

/** Where Tekton looks for elements of lists before anything starts; elsewhere one that is not there stays as it is written. */
const checkedForIndexes = ({ tasks = [], finally: final = [] }: PipelineSpec): unknown => [
  ...[...tasks, ...final].map(({ params, matrix, when = [] }) => [
    (params ?? []).map(({ value }) => value),
    (matrix?.params ?? []).map(({ value }) => value),
    when.map(({ input, values }) => [input, values]),
  ]),
  tasks.flatMap(({ workspaces = [] }) => workspaces.map(({ subPath }) => subPath)),
];

function missingNames(declared: readonly ParamSpec[], given: readonly Param[]): readonly string[] {
  const names = new Set(given.map(({ name }) => name));
  return declared.filter((spec) => spec.default === undefined && !names.has(spec.name)).map(({ name }) => name);
}

function wrongTypes(declared: readonly ParamSpec[], given: readonly Param[]): readonly string[] {
  const types = new Map(declared.map((spec) => [spec.name, typeOfSpec(spec)]));
  return given
    .filter(({ name, value }) => types.has(name) && types.get(name) !== typeOfValue(value))
    .map(({ name }) => name);
}

/** Without the params that the task gives itself: inside of it those count; of an object the keys that it gives. */
export function withoutParams(variables: Variables, own: readonly Param[]): Variables {
  if (own.length === 0) return variables;
  const hidden = new Map<string, ParamValue>();
  const isObject = ({ value }: Param): boolean => typeOfValue(value) === 'object';
  for (const one of own) setParam(hidden, one.name, isObject(one) ? one.value : '');
  const whole = own.filter((one) => !isObject(one));
  const scopes = whole.flatMap(({ name }) => [`params.${name}`, `params["${name}"]`, `params['${name}']`]);
  return new Map(
    [...variables].filter(
      ([text]) =>
        !hidden.has(text) && !scopes.some((scope) => text.startsWith(`${scope}.`) || text.startsWith(`${scope}[`)),
    ),
  );
}
