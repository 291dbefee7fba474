/** What a PipelineRun's status says of its children, and of tasks that have none. Pure. */

import type { ParamValue } from '../../resources/tekton/param.ts';
import type { ChildReference, SkippedTask } from '../../resources/tekton/pipeline-run-status.ts';
import type { PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import { setParam, substituteText } from '../variables/substitution.ts';
import type { Progress } from './progress.ts';
import type { ChildRun } from './types.ts';

export function childReferences(progress: Progress): readonly ChildReference[] {
  return progress.states
    .filter((state) => !state.isReused)
    .flatMap((state) => {
      if (state.runs.length === 0) return [];
      const { task } = progress.filled(state);
      return state.runs.map((run) => referenceTo(run, task));
    });
}

function referenceTo(run: ChildRun, task: PipelineTask): ChildReference {
  const displayName = displayNameOf(run, task);
  return {
    apiVersion: run.apiVersion,
    kind: run.kind,
    name: run.metadata.name,
    ...(displayName === undefined ? {} : { displayName }),
    pipelineTaskName: task.name,
    ...(task.when === undefined ? {} : { whenExpressions: task.when }),
  };
}

/** Of a matrix run the names of the `include` entries that fit it, else the task's display name. */
function displayNameOf(run: ChildRun, task: PipelineTask): string | undefined {
  const variables = new Map<string, ParamValue>();
  for (const { name, value } of run.spec.params ?? []) setParam(variables, name, value);
  // Runs have it filled in.
  const own = new Map([['context.pipelineTask.retries', String(task.retries ?? 0)]]);
  const fitting = (task.matrix?.include ?? []).filter(
    ({ name, params = [] }) =>
      name &&
      params.every((param) => variables.get(`params.${param.name}`) === substituteText(String(param.value), own)),
  );
  if (fitting.length > 0) return fitting.map(({ name = '' }) => substituteText(name, variables)).join(' ');
  return task.displayName === undefined ? undefined : substituteText(task.displayName, variables);
}

export function skippedTasks(progress: Progress): readonly SkippedTask[] {
  return progress.states.flatMap((state) => {
    const reason = progress.skipOf(state);
    if (reason === undefined) return [];
    const isWhen = reason === 'When Expressions evaluated to false';
    const { when } = isWhen ? progress.filled(state).task : state.task;
    return [
      {
        name: state.task.name,
        reason,
        ...(when === undefined || (state.isFinally && !isWhen) ? {} : { whenExpressions: when }),
      },
    ];
  });
}
