/** From a TaskRun to the TaskSpec that will run: defaults, params, variables; and what the engine cannot do yet. Pure. */

import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { ParamValue, TaskSpec } from '../../resources/tekton/task-spec.ts';
import { setParam, substituteTaskSpec } from '../variables/substitution.ts';

/** A TaskRun that can never run; `reason` is Tekton's. */
export class TaskRunValidationError extends Error {
  override readonly name = 'TaskRunValidationError';
  constructor(
    message: string,
    readonly reason: string = 'TaskRunValidationFailed',
  ) {
    super(message);
  }
}

/** The spec with defaults and variables filled in. @throws TaskRunValidationError */
export function resolveTaskSpec(run: TaskRun): TaskSpec {
  const spec = run.spec.taskSpec;
  if (spec === undefined)
    throw new TaskRunValidationError(
      'spec.taskRef is not supported by this version: use spec.taskSpec',
      'TaskRunResolutionFailed',
    );
  refuseUnsupported(run, spec);
  const variables = new Map<string, ParamValue>();
  for (const [name, value] of paramValues(run, spec)) setParam(variables, name, value);
  variables.set('context.taskRun.name', run.metadata.name);
  variables.set('context.taskRun.namespace', run.metadata.namespace ?? '');
  variables.set('context.taskRun.uid', run.metadata.uid ?? '');
  variables.set('context.task.name', run.metadata.name);
  variables.set('context.task.retry-count', '0');
  return substituteTaskSpec(spec, variables);
}

/** Values given and defaults, by name; values that the Task does not declare are passed on, as in Tekton. */
function paramValues(run: TaskRun, spec: TaskSpec): ReadonlyMap<string, ParamValue> {
  const values = new Map<string, ParamValue>();
  for (const declared of spec.params ?? [])
    if (declared.default !== undefined) values.set(declared.name, declared.default);
  for (const given of run.spec.params ?? []) values.set(given.name, given.value);
  const missing = (spec.params ?? []).map((declared) => declared.name).filter((name) => !values.has(name));
  if (missing.length > 0)
    throw new TaskRunValidationError(
      `missing values for these params which have no default values: [${missing.join(' ')}]`,
    );
  for (const { name, type = 'string' } of spec.params ?? []) {
    const given = typeOf(values.get(name)!);
    if (given !== type)
      throw new TaskRunValidationError(`param ${name} is declared as ${type} but its value is of type ${given}`);
  }
  return values;
}

const typeOf = (value: ParamValue): 'string' | 'array' | 'object' =>
  typeof value === 'string' ? 'string' : Array.isArray(value) ? 'array' : 'object';

/** Refuses by name what would otherwise be silently ignored. */
function refuseUnsupported(run: TaskRun, spec: TaskSpec): void {
  const refuse = (field: string): never => {
    throw new TaskRunValidationError(`${field} is not supported by this version`);
  };
  if ((run.spec.workspaces ?? []).length > 0) refuse('spec.workspaces');
  if ((run.spec.retries ?? 0) > 0) refuse('spec.retries');
  for (const field of ['sidecars', 'stepTemplate', 'workspaces', 'results'] as const) {
    const value = spec[field] as object | undefined;
    if (value !== undefined && Object.keys(value).length > 0) refuse(`spec.taskSpec.${field}`);
  }
  for (const [index, step] of (spec.steps ?? []).entries())
    for (const field of ['script', 'ref', 'when', 'results', 'envFrom', 'stdoutConfig', 'stderrConfig'])
      if ((step as Readonly<Record<string, unknown>>)[field] !== undefined)
        refuse(`spec.taskSpec.steps[${index}].${field}`);
}
