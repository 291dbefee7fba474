/** Names of a PipelineRun's children, as Tekton makes them. Pure. */

import { childName } from '../../resources/names.ts';

/** Name of the run of a task without a matrix. */
export const childRunName = (run: string, task: string): string => childName(run, `-${task}`);

/** Names of the runs of a task with a matrix: `RUN-TASK-0`, `RUN-TASK-1` …; of a single one as without. */
export function childRunNames(run: string, task: string, count: number): readonly string[] {
  if (count === 1) return [childRunName(run, task)];
  return Array.from({ length: count }, (_, index) => {
    const name = childName(run, `-${task}-${index}`);
    if (name.endsWith(`-${index}`)) return name;
    // The number tells them apart, so it must not be cut off.
    return `${childRunName(run, task).slice(0, 63 - `-${count}`.length)}-${index}`;
  });
}
