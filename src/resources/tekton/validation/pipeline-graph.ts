/** Rule of the order of pipeline tasks: what a task needs is there, and nothing waits for itself. */

import type { PipelineTask } from '../pipeline-spec.ts';
import { type Complaints, invalidValue } from './complaint.ts';
import { dependenciesOf } from './result-references.ts';

export function graphErrors(tasks: readonly PipelineTask[] = []): Complaints {
  const fault = faultOf(tasks);
  return fault === undefined ? [] : [invalidValue(fault, 'tasks')];
}

function faultOf(tasks: readonly PipelineTask[]): string | undefined {
  const names = new Set<string>();
  for (const { name } of tasks) {
    if (names.has(name)) return `task ${name} is already present in Graph, can't add it again: duplicate pipeline task`;
    names.add(name);
  }
  const dependencies = tasks.map((task) => [task.name, dependenciesOf(task)] as const);
  const missing = dependencies.flatMap(([task, needs]) =>
    needs.filter((name) => !names.has(name)).map((name) => ({ task, name })),
  )[0];
  const waiting = new Map(dependencies.map(([task, needs]) => [task, new Set(needs)]));
  const [first, needs] = cycleIn(waiting) ?? [];
  if (first !== undefined) {
    const list = [...(needs ?? [])].sort().map((name) => JSON.stringify(name));
    return `cycle detected; task ${JSON.stringify(first)} depends on ${list.join(', ')}`;
  }
  return missing === undefined
    ? undefined
    : `couldn't add link between ${missing.task} and ${missing.name}: task ${missing.task} depends on ${missing.name} but ${missing.name} wasn't present in Pipeline`;
}

/** The first task, by name, of those that are never free, with what it still waits for. */
function cycleIn(waiting: ReadonlyMap<string, Set<string>>): readonly [string, ReadonlySet<string>] | undefined {
  const left = new Map(waiting);
  for (let again = true; again; ) {
    again = false;
    for (const [task, needs] of left) {
      for (const name of needs) if (!left.has(name)) needs.delete(name);
      if (needs.size > 0) continue;
      left.delete(task);
      again = true;
    }
  }
  return [...left].sort(([a], [b]) => (a < b ? -1 : 1))[0];
}
