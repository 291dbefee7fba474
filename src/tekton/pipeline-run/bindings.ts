/** Which volumes a pipeline task's runs get: the run's bindings under the task's names. Pure. */

import { posix } from 'node:path';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { EmbeddedTask, PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import type { WorkspaceBinding } from '../../resources/tekton/workspace.ts';
import { substituteDeep, type Variables } from '../variables/substitution.ts';
import { boundToClaim } from '../workspaces/claims.ts';
import { variablesIn } from './result-reference.ts';
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
  return usedBy(task, bound).flatMap(({ name, workspace = '', subPath }) => {
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
  const path = posix.join(...[outer, subPath].filter((part) => part !== undefined && part !== '').map(String), '');
  return substituteDeep({ ...rest, name, ...(path === '.' ? {} : { subPath: path }) }, variables) as WorkspaceBinding;
}

/** What the task names, and what an embedded one uses without naming it. */
function usedBy(
  task: PipelineTask,
  bound: ReadonlyMap<string, unknown>,
): readonly { readonly name: string; readonly workspace?: string; readonly subPath?: string }[] {
  const named = task.workspaces ?? [];
  const names = new Set(named.map(({ name }) => name));
  return [
    ...named,
    ...propagated(task.taskSpec, bound)
      .filter((name) => !names.has(name))
      .map((name) => ({ name })),
  ];
}

/** Of those that the run binds, what steps and sidecars refer to by `$(workspaces.W.…)`. */
function propagated(spec: EmbeddedTask | undefined, bound: ReadonlyMap<string, unknown>): readonly string[] {
  if (spec === undefined || bound.size === 0) return [];
  const { steps, sidecars, stepTemplate } = spec;
  const names = variablesIn([steps, sidecars, stepTemplate]).flatMap(
    (text) => /^workspaces\.([^.]+)\.(?:path|bound|claim|volume)$/.exec(text)?.[1] ?? [],
  );
  const declared = (spec.workspaces ?? []).map(({ name }) => name);
  return [...new Set([...names, ...declared])].filter((name) => bound.has(name));
}
