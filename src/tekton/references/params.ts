/** The params of a reference, with the variables of the run that refers. Pure. */

import type { Param, ParamValue } from '../../resources/tekton/param.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { setParam, substituteList, substituteText, type Variables } from '../variables/substitution.ts';
import type { Reference } from './reference.ts';

/** @param spec the Task whose step refers: its defaults count below the run's values */
export function variablesOf(run: TaskRun | PipelineRun, spec?: TaskSpec): Variables {
  const { name, namespace = '', uid = '' } = run.metadata;
  const scope = run.kind === 'PipelineRun' ? 'context.pipelineRun' : 'context.taskRun';
  const variables = new Map<string, ParamValue>();
  for (const declared of spec?.params ?? [])
    if (declared.default !== undefined) setParam(variables, declared.name, declared.default);
  for (const { name, value } of run.spec.params ?? []) setParam(variables, name, value);
  variables.set(`${scope}.name`, name);
  variables.set(`${scope}.namespace`, namespace);
  variables.set(`${scope}.uid`, uid);
  return variables;
}

export function substituteReference(reference: Reference, variables: Variables): Reference {
  const { name, params } = reference;
  return {
    ...reference,
    ...(name === undefined ? {} : { name: substituteText(name, variables) }),
    ...(params === undefined ? {} : { params: params.map((param) => substituteParam(param, variables)) }),
  };
}

function substituteParam({ name, value }: Param, variables: Variables): Param {
  if (typeof value === 'string') return { name, value: substituteText(value, variables) };
  if (Array.isArray(value)) return { name, value: substituteList(value as readonly string[], variables) };
  const entries = Object.entries(value).map(([key, text]) => [key, substituteText(text as string, variables)]);
  return { name, value: Object.fromEntries(entries) };
}
