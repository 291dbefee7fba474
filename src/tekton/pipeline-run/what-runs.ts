/** What pipeline tasks run: the Task or Pipeline that each embeds or refers to. */

import type { Client } from '../../client/client.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import type { Waiting } from '../references/reference.ts';
import { pipelineOf, taskOf } from '../references/references.ts';
import type { Ran } from './check-tasks.ts';
import { childRunName } from './names.ts';
import { variablesIn } from './result-reference.ts';
import { childKindOf } from './types.ts';

export interface WhatRuns {
  readonly state: 'found';
  /** By name of the pipeline task; without custom tasks, and without references that results are missing for. */
  readonly specs: ReadonlyMap<string, Ran>;
  /** Names of Pipelines within, where they have one. */
  readonly pipelines: ReadonlyMap<string, string>;
}

/** @param pipeline name of the Pipeline that the tasks are of @throws ResolutionError */
export async function whatRuns(
  client: Client,
  run: PipelineRun,
  pipeline: string,
  tasks: readonly PipelineTask[],
): Promise<WhatRuns | Waiting> {
  const specs = new Map<string, Ran>();
  const pipelines = new Map<string, string>();
  let waiting: Waiting | undefined;
  for (const task of tasks) {
    const { name, taskRef, taskSpec, pipelineRef, pipelineSpec } = task;
    const of = { pipeline, child: childRunName(run.metadata.name, name) };
    if (childKindOf(task) === 'CustomRun' || isOpen(task)) continue;
    if (taskSpec !== undefined) specs.set(name, taskSpec);
    else if (pipelineSpec !== undefined) specs.set(name, { ...pipelineSpec, workspaces: [] });
    else if (taskRef !== undefined) {
      const found = await taskOf(client, run, taskRef, of);
      if (found.state === 'found') specs.set(name, found.spec);
      else waiting ??= found;
    } else if (pipelineRef !== undefined) {
      const found = await pipelineOf(client, run, pipelineRef, of);
      if (found.state === 'waiting') waiting ??= found;
      else {
        specs.set(name, { ...found.spec, workspaces: [] });
        pipelines.set(name, found.name);
      }
    }
  }
  return waiting ?? { state: 'found', specs, pipelines };
}

/** Whether a reference names results that are not there yet. */
export const isOpen = ({ taskRef, pipelineRef }: PipelineTask): boolean =>
  variablesIn([taskRef, pipelineRef]).some((text) => text.startsWith('tasks.'));
