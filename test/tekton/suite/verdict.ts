/** Whether a run that has ended did what its file is for. Pure. */

import { conditionOf } from '../../../src/resources/condition.ts';
import type { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import type { TaskRun } from '../../../src/resources/tekton/task-run.ts';

export type Run = TaskRun | PipelineRun;

/** What is wrong with a run; undefined for one that succeeded and of which every step and task was accounted for. */
export function faultOf(run: Run): string | undefined {
  const { status, reason, message } = conditionOf(run, 'Succeeded') ?? {};
  if (status !== 'True') return `${run.kind} ${run.metadata.name}: ${reason ?? 'no condition'}: ${message ?? ''}`;
  const lack = run.kind === 'TaskRun' ? lackOfSteps(run as TaskRun) : lackOfTasks(run as PipelineRun);
  return lack && `${run.kind} ${run.metadata.name} succeeded, but ${lack}`;
}

/** A step that never ran has checked nothing. */
function lackOfSteps({ status }: TaskRun): string | undefined {
  const wanted = status?.taskSpec?.steps?.length ?? 0;
  const ended = (status?.steps ?? []).filter(({ terminated }) => terminated !== undefined).length;
  if (wanted === 0) return 'its status does not say what was run';
  return ended === wanted ? undefined : `${ended} of ${wanted} steps are known to have ended`;
}

function lackOfTasks({ status }: PipelineRun): string | undefined {
  const spec = status?.pipelineSpec;
  if (spec === undefined) return 'its status does not say what was run';
  const ran = new Set((status?.childReferences ?? []).map(({ pipelineTaskName }) => pipelineTaskName));
  if (ran.size === 0) return 'nothing of it ran';
  const skipped = new Set((status?.skippedTasks ?? []).map(({ name }) => name));
  const names = [...(spec.tasks ?? []), ...(spec.finally ?? [])].map(({ name }) => name ?? '');
  const lost = names.filter((name) => !ran.has(name) && !skipped.has(name));
  return lost.length === 0 ? undefined : `nothing is known of ${lost.join(', ')}`;
}
