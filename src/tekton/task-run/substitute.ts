/** From a Task as it is written to what will run: checks of what the run gives, and every variable replaced. Pure. */

import type { ParamValue } from '../../resources/tekton/param.ts';
import type { Sidecar, Step } from '../../resources/tekton/step.ts';
import type { StepActionSpec } from '../../resources/tekton/step-action.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { complaintText, under } from '../../resources/tekton/validation/complaint.ts';
import { completedSteps } from '../../resources/tekton/validation/step-template.ts';
import { declaredParamErrors } from '../../resources/tekton/validation/step-variables.ts';
import { stepsErrors } from '../../resources/tekton/validation/steps.ts';
import type { WorkspaceBinding } from '../../resources/tekton/workspace.ts';
import {
  goList,
  indexesOutOfBounds,
  problemOfEnums,
  problemOfParams,
  valuesOfParams,
  variablesOfParams,
} from '../variables/params.ts';
import {
  filledIn,
  substituteDeep,
  substituteText,
  substituteValue,
  type Variables,
  wholeVariable,
} from '../variables/substitution.ts';
import { boundToClaim } from '../workspaces/claims.ts';
import { checkOverrides, checkRequests } from './compute-resources.ts';
import { TaskRunFailure, userError } from './failure.ts';
import { inlined } from './step-action.ts';
import { contextVariables, pathVariables, retryCount, stepVariables } from './task-variables.ts';
import { declaredWorkspaces, ownMountPaths, workspaceVariables } from './workspaces.ts';

/** A TaskSpec and where it comes from. */
export interface ResolvedTask {
  readonly name: string;
  readonly spec: TaskSpec;
  /** By index of the step that refers to it. */
  readonly actions?: ReadonlyMap<number, StepActionSpec>;
}

/** @throws TaskRunFailure for what the run gives and the Task does not take, in Tekton's order */
export function checkRun(run: TaskRun, { name, spec }: ResolvedTask): void {
  const declared = spec.params ?? [];
  const given = run.spec.params ?? [];
  const windows = (spec.steps ?? []).find(({ script = '' }) => script.trimStart().startsWith('#!win'));
  if (windows !== undefined) throw userError(`step "${windows.name ?? ''}": scripts for Windows do not run on Linux`);
  checkRequests(spec);
  const problem = problemOfParams(declared, given);
  if (problem !== undefined) throw userError(`invalid input params for task ${name}: ${problem}`);
  const enums = problemOfEnums(declared, given);
  if (enums !== undefined) throw userError(enums, 'InvalidParamValue');
  const beyond = [...indexesOutOfBounds(checkedForIndexes(spec), valuesOfParams(declared, given))].sort();
  if (beyond.length > 0) throw userError(`non-existent param references:${goList(beyond)}`);
  declaredWorkspaces(spec, run.spec.workspaces ?? [], run.spec.taskSpec !== undefined);
  checkOverrides(run, spec);
}

/** What containers and volumes are made of. */
function checkedForIndexes({ steps = [], sidecars, stepTemplate, volumes }: TaskSpec): unknown {
  const containers = steps.map((step) => {
    const { displayName, params, when, results, stdoutConfig, stderrConfig, onError, ...container } = step;
    return container;
  });
  return { steps: containers, sidecars, stepTemplate, volumes };
}

/** Params and context of a run: what its fields outside of the TaskSpec may name. */
export function runVariables(run: TaskRun, task: ResolvedTask): Variables {
  const context = contextVariables(run, task.name);
  return new Map([...context, ...filledIn(paramVariables(run, task), context)]);
}

const paramVariables = (run: TaskRun, { spec }: ResolvedTask): Variables =>
  variablesOfParams(valuesOfParams(spec.params ?? [], run.spec.params ?? []));

/** The run's bindings with their variables replaced, templates bound to their claims. */
export const bindingsOf = (run: TaskRun, variables: Variables): readonly WorkspaceBinding[] =>
  (run.spec.workspaces ?? []).map((binding) =>
    boundToClaim(substituteDeep(binding, variables), run.metadata.uid ?? ''),
  );

/**
 * The spec that will run, as `status.taskSpec` has it. Where there may be further attempts the number of the attempt is
 * left open.
 * @throws TaskRunFailure
 */
export function substituteTask(run: TaskRun, task: ResolvedTask): TaskSpec {
  const { params, results, workspaces, description, displayName, steps = [], sidecars, ...rest } = task.spec;
  const outside = runVariables(run, task);
  const bindings = bindingsOf(run, outside);
  const declared = substituteDeep(declaredWorkspaces(task.spec, bindings, run.spec.taskSpec !== undefined), outside);
  const base = new Map<string, ParamValue>([
    ...contextVariables(run, task.name),
    ...workspaceVariables(declared, bindings),
    ...pathVariables(task.spec),
  ]);
  if ((run.spec.retries ?? 0) === 0) base.set(retryCount, '0');
  const given = paramVariables(run, task);
  const withParams = (known: Variables): Variables => new Map([...filledIn(given, known), ...known]);
  const bound = new Set(bindings.map(({ name }) => name));
  const within = (all: Variables, container: Step | Sidecar): Variables => {
    const own = [...ownMountPaths(container)].filter(([name]) => bound.has(workspaceOf(name)));
    return own.length === 0 ? all : new Map([...all, ...substituteDeep(own, outside)]);
  };
  const spec: TaskSpec = {
    ...substituteDeep(rest, withParams(base)),
    ...(params === undefined ? {} : { params }),
    ...(description === undefined ? {} : { description }),
    ...(displayName === undefined ? {} : { displayName }),
    steps: steps.map((step, index) => {
      const action = task.actions?.get(index);
      const inside = withParams(new Map([...within(base, step), ...fileVariables(step, index)]));
      const replaced = substituteStep(step, inside);
      if (action === undefined) return replaced;
      const named = { ...replaced, results: action.results ?? [] };
      return inlined(replaced, index, action, new Map([...within(base, step), ...fileVariables(named, index)]));
    }),
    ...(sidecars === undefined
      ? {}
      : { sidecars: sidecars.map((sidecar) => substituteSidecar(sidecar, withParams(within(base, sidecar)))) }),
    ...(declared.length === 0 ? {} : { workspaces: declared }),
    ...(results === undefined ? {} : { results }),
  };
  refuseBroken(run, spec);
  return spec;
}

const workspaceOf = (variable: string): string => variable.slice('workspaces.'.length, -'.path'.length);

function fileVariables(step: Step, index: number): Variables {
  return new Map([...stepVariables(step, index)].filter(([name]) => !name.startsWith('workspaces.')));
}

function substituteStep(step: Step, variables: Variables): Step {
  const { displayName, params, when, results, ...rest } = step;
  return {
    ...substituteDeep(rest, variables),
    ...(displayName === undefined ? {} : { displayName }),
    ...(params === undefined
      ? {}
      : { params: params.map(({ name, value }) => ({ name, value: substituteValue(value, variables) })) }),
    ...(results === undefined ? {} : { results }),
    ...(when === undefined
      ? {}
      : {
          when: when.map((expression) => ({
            ...substituteDeep(expression, variables),
            // Of a list its JSON is compared.
            ...(expression.input === undefined ? {} : { input: asText(expression.input, variables) }),
          })),
        }),
  };
}

const substituteSidecar = (sidecar: Sidecar, variables: Variables): Sidecar => substituteDeep(sidecar, variables);

function asText(text: string, variables: Variables): string {
  const whole = wholeVariable(text, variables);
  return whole === undefined || typeof whole === 'string' ? substituteText(text, variables) : JSON.stringify(whole);
}

/**
 * What variables stand for, and what a StepAction says, keeps to the rules of steps, too. Of params that are not declared
 * only an embedded spec may have been made: they reach it from outside.
 */
function refuseBroken(run: TaskRun, spec: TaskSpec): void {
  const steps = completedSteps(spec);
  const given = (run.spec.params ?? []).map(({ name }) => ({ name }));
  const undeclared =
    run.spec.taskSpec === undefined ? [] : declaredParamErrors(steps, [...(spec.params ?? []), ...given]);
  const complaints = undeclared.length > 0 ? undeclared : under('steps', stepsErrors(steps));
  if (complaints.length === 0) return;
  const problem = complaintText(complaints);
  throw new TaskRunFailure(
    'PodCreationFailed',
    `failed to create task run pod "${run.metadata.name}": ${problem}. Maybe invalid TaskSpec`,
  );
}
