/** Tasks of an earlier run of the same Pipeline that a run takes over, instead of running them again. Pure. */

import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { ReusedTask } from '../../resources/tekton/pipeline-run-status.ts';
import type { Graph } from './graph.ts';
import { skippedInTurn } from './progress.ts';
import { runSucceeded } from './task-state.ts';
import type { ChildRun } from './types.ts';

/**
 * Of the tasks that succeeded those which all that they wait for is taken over, too, or was skipped.
 * @param runs of the earlier run, by name of the task; what is not there any more is missing
 */
export function reusable(
  graph: Graph,
  earlier: PipelineRun,
  runs: ReadonlyMap<string, readonly ChildRun[]>,
): readonly ReusedTask[] {
  const skipped = new Set((earlier.status?.skippedTasks ?? []).map(({ name }) => name));
  const before = new Map((earlier.status?.reusedTasks ?? []).map((task) => [task.name, task]));
  const found = new Map<string, ReusedTask>();
  const isSettled = (name: string): boolean => found.has(name) || (skipped.has(name) && !isStoppedBy(earlier, name));
  for (const name of inOrder(graph)) {
    if (!(graph.get(name) ?? []).every(isSettled)) continue;
    const own = runs.get(name) ?? [];
    if (before.has(name)) found.set(name, before.get(name)!);
    else if (own.length > 0 && own.every(runSucceeded))
      found.set(name, { name, pipelineRun: earlier.metadata.name, runs: own.map(toRecord) });
  }
  return [...found.values()];
}

/** It was skipped because the run ended, and not because of what it is: this time it may have its turn. */
const isStoppedBy = (earlier: PipelineRun, name: string): boolean => {
  const reason = earlier.status?.skippedTasks?.find((task) => task.name === name)?.reason ?? '';
  return !skippedInTurn.includes(reason);
};

/** Each after all that it waits for. */
function inOrder(graph: Graph): readonly string[] {
  const order = new Set<string>();
  const visit = (name: string): void => {
    if (order.has(name)) return;
    for (const parent of graph.get(name) ?? []) visit(parent);
    order.add(name);
  };
  for (const name of graph.keys()) visit(name);
  return [...order];
}

function toRecord({ apiVersion, kind, metadata, spec, status }: ChildRun): NonNullable<ReusedTask['runs']>[number] {
  return {
    apiVersion,
    kind,
    name: metadata.name,
    ...(spec.params === undefined ? {} : { params: spec.params }),
    ...(status?.results === undefined ? {} : { results: status.results }),
    ...(status?.artifacts === undefined ? {} : { artifacts: status.artifacts }),
  };
}

/** What a task that was taken over has left, as if its runs were this run's. */
export const runsOfReused = ({ runs = [] }: ReusedTask): readonly ChildRun[] =>
  runs.map(({ apiVersion = '', kind = 'TaskRun', name = '', params, results, artifacts }) => ({
    apiVersion,
    kind,
    metadata: { name },
    spec: params === undefined ? {} : { params },
    status: {
      conditions: [{ type: 'Succeeded', status: 'True', reason: 'Succeeded' }],
      ...(results === undefined ? {} : { results }),
      ...(artifacts === undefined ? {} : { artifacts }),
    },
  }));
