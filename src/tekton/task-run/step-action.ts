/** A step that refers to a StepAction becomes a step of its own. Pure. */

import type { ParamValue } from '../../resources/tekton/param.ts';
import type { Step } from '../../resources/tekton/step.ts';
import type { StepActionSpec } from '../../resources/tekton/step-action.ts';
import { goList, problemOfParams, valuesOfParams, variablesOfParams } from '../variables/params.ts';
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
  const given = new Set(params.map(({ name }) => name));
  const missing = declared.filter((param) => param.default === undefined && !given.has(param.name));
  if (missing.length > 0) fail(`non-existent params in Step: ${goList(missing.map(({ name }) => name))}`);
  const problem = problemOfParams(declared, params);
  if (problem !== undefined) fail(problem);
  const { image, command, args, script, env, workingDir, results, securityContext, volumeMounts } = action;
  const body = { image, command, args, script, env, workingDir, results, securityContext, volumeMounts };
  const inside = new Map([...variables, ...variablesOfParams(valuesOfParams(declared, params))]);
  return { ...own, ...substituteDeep(defined(body), inside) };
}

const defined = <T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
