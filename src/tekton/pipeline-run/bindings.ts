/** Which volumes a pipeline task's runs get: the run's bindings under the task's names. Pure. */

import { posix } from 'node:path';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { EmbeddedTask, PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import type { Step } from '../../resources/tekton/step.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import type { WorkspaceBinding } from '../../resources/tekton/workspace.ts';
import { substituteDeep, type Variables } from '../variables/substitution.ts';
import { boundToClaim } from '../workspaces/claims.ts';
import { variablesIn } from './result-reference.ts';
import { isTaskAttempt } from './task-attempt.ts';
import { PipelineRunFailure } from './types.ts';

interface Options {
  /** In what the run binds: params, contexts, results. */
  readonly variables: Variables;
  /** UID of the run whose claims are used. */
  readonly claimOwner: string;
  /** What the task declares, as far as it is known. */
  readonly spec: TaskSpec | undefined;
}

/** @throws PipelineRunFailure where the task needs a workspace that the run does not bind */
export function childBindings(run: PipelineRun, task: PipelineTask, options: Options): readonly WorkspaceBinding[] {
  const bound = new Map((run.spec.workspaces ?? []).map((binding) => [binding.name, binding]));
  return usedBy(task, bound, isTaskAttempt(run)).flatMap(({ name, workspace = '', subPath }) => {
    const binding = bound.get(workspace || name);
    if (binding !== undefined) return [childBinding(binding, name, subPath, options)];
    const declared = options.spec?.workspaces?.find((candidate) => candidate.name === name);
    if (declared?.optional === true || task.pipelineRef !== undefined || task.pipelineSpec !== undefined) return [];
    throw new PipelineRunFailure(
      'CreateRunFailed',
      `expected workspace ${JSON.stringify(workspace || name)} to be provided by pipelinerun for pipeline task ${JSON.stringify(task.name)}`,
    );
  });
}

function childBinding(
  binding: WorkspaceBinding,
  name: string,
  subPath: string | undefined,
  { variables, claimOwner }: Options,
): WorkspaceBinding {
  const { volumeClaimTemplate: _template, subPath: outer, ...rest } = boundToClaim(binding, claimOwner);
  const path = joined(outer, subPath);
  return substituteDeep({ ...rest, name, ...(path ? { subPath: path } : {}) }, variables) as WorkspaceBinding;
}

/** One alone stays as it is written. */
const joined = (outer: string | undefined, inner: string | undefined): string | undefined =>
  outer && inner ? posix.join(outer, inner).replace(/(?<=.)\/$/, '') : outer || inner;

/** What the task names, and what an embedded one uses without naming it. */
function usedBy(
  task: PipelineTask,
  bound: ReadonlyMap<string, unknown>,
  isLiteral: boolean,
): readonly { readonly name: string; readonly workspace?: string; readonly subPath?: string }[] {
  const named = task.workspaces ?? [];
  const names = new Set(named.map(({ name }) => name));
  return [
    ...named,
    ...(isLiteral ? [] : propagated(task.taskSpec, bound)).filter((name) => !names.has(name)).map((name) => ({ name })),
  ];
}

/** What steps and sidecars refer to by `$(workspaces.W.…)`, bound or not; and what is declared, where the run binds it. */
function propagated(spec: EmbeddedTask | undefined, bound: ReadonlyMap<string, unknown>): readonly string[] {
  if (spec === undefined) return [];
  const { steps = [], sidecars = [], stepTemplate = {} } = spec;
  const texts = [
    [...steps, ...sidecars, stepTemplate].map(textsOf),
    steps.map(({ params = [] }) => params.map(({ value }) => value)),
  ];
  const names = variablesIn(texts).flatMap((text) => /^workspaces\.([^.]+)(?:\.[^.]+)?$/.exec(text)?.[1] ?? []);
  const declared = (spec.workspaces ?? []).map(({ name }) => name).filter((name) => bound.has(name));
  return [...new Set([...names, ...declared])];
}

/** Where Tekton looks for workspaces. */
const textsOf = (container: Partial<Step>): unknown => {
  const { script, args, command, workingDir, env = [] } = container;
  return [script, args, command, workingDir, env.map(({ value }) => value)];
};
