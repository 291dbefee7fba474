/** What the variables of a TaskRun stand for, apart from params. Pure. */

import type { ParamValue } from '../../resources/tekton/param.ts';
import type { Step } from '../../resources/tekton/step.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { formsOf } from '../variables/substitution.ts';
import { artifactsFile, exitCodeFile, paths, resultFile, stepArtifactsFile, stepResultFile } from './paths.ts';
import { stepContainer } from './step-names.ts';
import { ownMountPaths } from './workspaces.ts';

/** The one variable that changes from attempt to attempt. */
export const retryCount = 'context.task.retry-count';

/** @param taskName of the Task; of a spec in the run itself the run's */
export function contextVariables(run: TaskRun, taskName: string): Map<string, ParamValue> {
  const { name, namespace = '', uid = '' } = run.metadata;
  return new Map<string, ParamValue>([
    ['context.taskRun.name', name],
    ['context.taskRun.namespace', namespace],
    ['context.taskRun.uid', uid],
    ['context.task.name', taskName],
  ]);
}

/** Files of the whole Task. */
export function pathVariables({ results = [], steps = [] }: TaskSpec): Map<string, ParamValue> {
  const variables = new Map<string, ParamValue>([
    ['credentials.path', paths.credentials],
    ['artifacts.path', artifactsFile],
  ]);
  for (const { name } of results)
    for (const form of formsOf('results', name)) variables.set(`${form}.path`, resultFile(name));
  for (const [index, step] of steps.entries()) {
    const container = stepContainer(step, index);
    variables.set(`steps.${container}.exitCode.path`, exitCodeFile(container));
  }
  return variables;
}

/** Files of one step, and where it alone sees a workspace. */
export function stepVariables(step: Step, index: number): ReadonlyMap<string, ParamValue> {
  const container = stepContainer(step, index);
  const variables = new Map(ownMountPaths(step));
  variables.set('step.artifacts.path', stepArtifactsFile(container));
  for (const { name } of step.results ?? [])
    for (const form of formsOf('step.results', name)) variables.set(`${form}.path`, stepResultFile(container, name));
  return variables;
}
