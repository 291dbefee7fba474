/** A step that refers to a StepAction becomes a step of its own. Pure. */

import { withoutUndefined } from '../../resources/json.ts';
import type { Param, ParamSpec, ParamValue } from '../../resources/tekton/param.ts';
import type { Step } from '../../resources/tekton/step.ts';
import type { StepActionSpec } from '../../resources/tekton/step-action.ts';
import { goList, typeOfSpec, typeOfValue, valuesOfParams, variablesOfParams } from '../variables/params.ts';
import { substituteDeep } from '../variables/substitution.ts';
import { TaskRunFailure } from './failure.ts';

/**
 * @param step with the Task's variables replaced; only its params are seen by the StepAction
 * @param variables what the StepAction may refer to beside its params
 * @throws TaskRunFailure TaskRunResolutionFailed, as Tekton has it
 */
export function inlined(
  step: Step,
  index: number,
  action: StepActionSpec,
  variables: ReadonlyMap<string, ParamValue>,
): Step {
  const { ref: _ref, params = [], ...own } = step;
  const declared = action.params ?? [];
  const fail = (problem: string): never => {
    const lead = `failed to resolve step ref for step "${step.name ?? ''}" (index ${index})`;
    throw new TaskRunFailure('TaskRunResolutionFailed', `${lead}: ${problem}`);
  };
  const known = new Set(declared.map(({ name }) => name));
  const extra = params.map(({ name }) => name).filter((name) => !known.has(name));
  if (extra.length > 0) fail(`extra params passed by Step to StepAction: ${goList(extra)}`);
  const types = new Map(declared.map((param) => [param.name, typeOfSpec(param)]));
  const given = new Set(params.map(({ name }) => name));
  const missing = declared.filter((param) => param.default === undefined && !given.has(param.name));
  if (missing.length > 0) fail(`non-existent params in Step: ${goList(missing.map(({ name }) => name))}`);
  const fault = faultOfDefaults(
    declared.filter(({ name }) => !given.has(name)),
    known,
  );
  if (fault !== undefined) fail(fault);
  const unfit = params.find((param) => isOfOtherType(param, declared.find(({ name }) => name === param.name)?.default));
  if (unfit !== undefined)
    fail(
      `invalid parameter substitution: ${unfit.name}. Please check the types of the default value and the passed value`,
    );
  const { image, command, args, script, env, workingDir, results, securityContext, volumeMounts } = action;
  const body = { image, command, args, script, env, workingDir, results, securityContext, volumeMounts };
  // As in Tekton, a value of another type than the declared one is none.
  const fitting = params.filter(({ name, value }) => typeOfValue(value) === types.get(name));
  const inside = new Map([...variables, ...variablesOfParams(valuesOfParams(declared, fitting))]);
  const awaited = resultsAmong(params.filter(({ name }) => types.get(name) !== 'string'));
  const text = awaited.size === 0 ? body : (readdressed(body, awaited) as typeof body);
  return { ...own, ...substituteDeep(withoutUndefined(text), inside) };
}

/** A list where the default is a string, or a string where it is a list; what a step has yet to leave is a string for now. */
function isOfOtherType({ value }: Param, fallback: ParamValue | undefined): boolean {
  if (fallback === undefined || (typeof value === 'string' && value.startsWith('$(steps.'))) return false;
  const types = new Set([typeOfValue(value), typeOfValue(fallback)]);
  return types.size === 2 && !types.has('object');
}

/** @param open params whose defaults count @param known names of all params */
function faultOfDefaults(open: readonly ParamSpec[], known: ReadonlySet<string>): string | undefined {
  const waiting = new Map(
    open.map(({ name, default: text }) => [
      name,
      typeof text !== 'string' ? [] : [...text.matchAll(/\$\(params\.([^.[\]()]+)/g)].map(([, other]) => other!),
    ]),
  );
  const isOpen = (name: string): boolean => waiting.has(name) || !known.has(name);
  for (let size = -1; size !== waiting.size; ) {
    size = waiting.size;
    for (const [name, others] of waiting) if (!others.some(isOpen)) waiting.delete(name);
  }
  const [first] = waiting;
  if (first === undefined) return undefined;
  const [name, others] = first;
  const other = others.find(isOpen)!;
  return known.has(other)
    ? 'circular dependency detected in parameter references'
    : `parameter ${JSON.stringify(name)} references non-existent parameter ${JSON.stringify(other)}`;
}

/** Where a param is a whole result of another step: by its name that result's, which is known only when that step has run. */
function resultsAmong(params: readonly Param[]): ReadonlyMap<string, string> {
  const found = params.map(({ name, value }) => {
    const whole =
      typeof value === 'string' ? /^\$\((steps\.[^.()]+\.results\.[^()]+?)(?:\[\*\])?\)$/.exec(value) : null;
    return [name, whole?.[1]] as const;
  });
  return new Map(found.filter((one): one is readonly [string, string] => one[1] !== undefined));
}

/** Every reference to such a param, or to a part of it, as one to the result. */
function readdressed(value: unknown, results: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string')
    return value.replace(reference, (whole, dotted?: string, quoted?: string, part = '') => {
      const result = results.get(dotted ?? quoted ?? '');
      return result === undefined ? whole : `$(${result}${part || '[*]'})`;
    });
  if (Array.isArray(value)) return value.map((item) => readdressed(item, results));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, readdressed(item, results)]));
}

const reference = /\$\(params(?:\.([^.[\]()]+)|\[["']([^"']+)["']\])(\[[^\]]*\]|\.[^()]+)?\)/g;
