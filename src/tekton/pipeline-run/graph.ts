/** The order of a Pipeline's tasks: from `runAfter`, and from results of other tasks that they use. Pure. */

import type { PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import { orderingTasksIn } from './result-reference.ts';

/** What each task waits for, by names, in the order of the Pipeline. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/** A Pipeline whose tasks can have no order. The message is Tekton's. */
export class InvalidGraph extends Error {
  override readonly name = 'InvalidGraph';
}

/** @throws InvalidGraph for a name given twice, a task that is not there, and tasks that wait for each other */
export function graphOf(tasks: readonly PipelineTask[]): Graph {
  const graph = new Map<string, readonly string[]>();
  for (const task of tasks) {
    if (graph.has(task.name))
      throw new InvalidGraph(
        `task ${task.name} is already present in Graph, can't add it again: duplicate pipeline task`,
      );
    graph.set(task.name, parentsOf(task));
  }
  for (const [name, parents] of graph)
    for (const parent of parents)
      if (!graph.has(parent))
        throw new InvalidGraph(
          `couldn't add link between ${name} and ${parent}: task ${name} depends on ${parent} but ${parent} wasn't present in Pipeline`,
        );
  refuseCycles(graph);
  return graph;
}

const parentsOf = (task: PipelineTask): readonly string[] =>
  [...new Set([...(task.runAfter ?? []), ...orderingTasksIn(neededFields(task))])].sort();

/** Where a task names results that it needs, in Tekton's order: a name that is shown waits for nothing; what is within a Pipeline is its own. */
export function neededFields(task: PipelineTask): object {
  const { runAfter: _order, pipelineSpec: _within, displayName: _shown, params, matrix, when, ...rest } = task;
  return { params, matrix, when, ...rest };
}

function refuseCycles(graph: Graph): void {
  const done = new Set<string>();
  let left = [...graph];
  while (left.length > 0) {
    const ready = left.filter(([, parents]) => parents.every((parent) => done.has(parent)));
    if (ready.length === 0) {
      const [name, parents] = firstInCycle(left);
      const names = parents.filter((parent) => !done.has(parent)).map((parent) => JSON.stringify(parent));
      throw new InvalidGraph(`cycle detected; task ${JSON.stringify(name)} depends on ${names.join(', ')}`);
    }
    for (const [name] of ready) done.add(name);
    left = left.filter(([name]) => !done.has(name));
  }
}

/** Of the tasks that cannot run, one that is itself part of a cycle. */
function firstInCycle(left: readonly (readonly [string, readonly string[]])[]): readonly [string, readonly string[]] {
  const parents = new Map(left);
  const reaches = (from: string, to: string, seen: Set<string>): boolean =>
    (parents.get(from) ?? []).some(
      (parent) => parent === to || (!seen.has(parent) && reaches(parent, to, seen.add(parent))),
    );
  return left.find(([name]) => reaches(name, name, new Set())) ?? left[0]!;
}
