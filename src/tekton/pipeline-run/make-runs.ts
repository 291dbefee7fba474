/** Makes the runs of a pipeline task that has its turn. */

import type { Client } from '../../client/client.ts';
import type { Param } from '../../resources/tekton/param.ts';
import type { PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import type { Waiting } from '../references/reference.ts';
import { problemOfEnums } from '../variables/params.ts';
import type { Variables } from '../variables/substitution.ts';
import { childBindings } from './bindings.ts';
import { checkTaskParams, type Ran } from './check-tasks.ts';
import { type ChildPlan, childPipelineRunOf, customRunOf, taskRunOf } from './child-run.ts';
import type { Children } from './children.ts';
import { checkMatrix, combinationsOf } from './matrix.ts';
import { childRunNames } from './names.ts';
import { refuseNesting } from './nesting.ts';
import type { RunPipeline } from './pipeline.ts';
import { pipelineVariables } from './prepare.ts';
import { resolveIn, type States } from './results.ts';
import type { TaskState } from './task-state.ts';
import { type ChildRun, childKindOf, PipelineRunFailure } from './types.ts';
import { isOpen, type WhatRuns, whatRuns } from './what-runs.ts';

export interface Making {
  readonly client: Client;
  readonly children: Children;
  readonly pipeline: RunPipeline;
  readonly states: States;
  readonly state: TaskState;
  /** With all that other tasks have left filled in. */
  readonly task: PipelineTask;
  /** UID of the run whose claims are used. */
  readonly claimsOf: string;
  readonly settings: PipelineRunSettings;
}

/** The server's settings for PipelineRuns. */
export interface PipelineRunSettings {
  /** Runs that a matrix may make. */
  readonly matrixCombinations: number;
  /** Milliseconds that a TaskRun has where nothing else is said; 0: no limit. */
  readonly timeout: number;
}

interface Made {
  readonly state: 'made';
  readonly runs: readonly ChildRun[];
}

const nothing: WhatRuns = { state: 'found', specs: new Map(), pipelines: new Map() };

/** @throws PipelineRunFailure, ResolutionError */
export async function makeRuns(making: Making): Promise<Made | Waiting> {
  const { client, pipeline, state, task } = making;
  const { run } = pipeline;
  const ran = needsToKnow(making) ? await whatRuns(client, run, pipeline.name, [task]) : nothing;
  if (ran.state === 'waiting') return ran;
  checkMatrix(task, making.settings.matrixCombinations);
  const combinations = task.matrix === undefined ? [[]] : combinationsOf(task.matrix);
  const spec = ran.specs.get(task.name) ?? task.taskSpec;
  // What was a variable so far may turn out to be a list.
  if ((task.params ?? []).length > 0) checkTaskParams(run, task, spec);
  checkEnums(task, combinations, spec);
  const names = childRunNames(run.metadata.name, task.name, combinations.length);
  const variables = runVariables(making);
  const workspaces = childBindings(run, task, {
    variables,
    claimOwner: making.claimsOf,
    spec,
  });
  const { timeout: usualTimeout } = making.settings;
  const common = { run, task, isFinally: state.isFinally, workspaces, variables, usualTimeout };
  const runs: ChildRun[] = [];
  for (const [index, name] of names.entries())
    runs.push(await makeRun(making, { ...common, name, combination: combinations[index]! }, ran));
  return { state: 'made', runs };
}

/** @throws PipelineRunFailure for a value that its Task does not allow */
function checkEnums(task: PipelineTask, combinations: readonly (readonly Param[])[], ran: Ran | undefined): void {
  if (childKindOf(task) !== 'TaskRun') return;
  for (const combination of combinations) {
    const problem = problemOfEnums(ran?.params ?? [], [...combination, ...(task.params ?? [])]);
    if (problem !== undefined)
      throw new PipelineRunFailure(
        'InvalidParamValue',
        `[User error] Invalid param value from PipelineTask ${JSON.stringify(task.name)}: ${problem}`,
      );
  }
}

/** Whether the task's spec has to be read: not where it was checked before the first task began. */
function needsToKnow({ pipeline: { run }, state, task }: Making): boolean {
  if (task.pipelineRef !== undefined || isOpen(state.task)) return true;
  // Its Task may allow certain values only; the run of one from elsewhere says so itself.
  const givesValues = (task.params ?? []).length > 0 || task.matrix !== undefined;
  if (givesValues && task.taskRef !== undefined && !task.taskRef.resolver) return true;
  const bound = new Set((run.spec.workspaces ?? []).map(({ name }) => name));
  return task.taskRef !== undefined && (task.workspaces ?? []).some((one) => !bound.has(one.workspace || one.name));
}

async function makeRun({ client, children, pipeline: { run } }: Making, plan: ChildPlan, ran: WhatRuns) {
  const kind = childKindOf(plan.task);
  if (kind === 'CustomRun') return children.create(run, kind, customRunOf(plan));
  if (kind === 'TaskRun') return children.create(run, kind, taskRunOf(plan));
  const within = ran.pipelines.get(plan.task.name);
  if (within) await refuseNesting(client, run, within);
  return children.create(run, kind, childPipelineRunOf(plan, within));
}

/** In what the run itself says of workspaces and single tasks. */
function runVariables({ pipeline: { run, spec, name }, states }: Making): Variables {
  const { workspaces = [], taskRunSpecs = [], taskRunTemplate } = run.spec;
  if (workspaces.length + taskRunSpecs.length === 0 && taskRunTemplate === undefined) return new Map();
  return new Map([...pipelineVariables(run, spec, name), ...resolveIn(workspaces, states).variables]);
}
