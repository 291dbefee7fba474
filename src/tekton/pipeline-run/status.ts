/** A PipelineRun's status. Pure. */

import { type ConditionDraft, isFinal, mergeConditions } from '../../resources/condition.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { PipelineRunStatus } from '../../resources/tekton/pipeline-run-status.ts';
import type { PipelineSpec } from '../../resources/tekton/pipeline-spec.ts';
import { childReferences, skippedTasks } from './child-references.ts';
import type { TakenOver } from './earlier-run.ts';
import { conditionOfRun } from './outcome.ts';
import type { RunPipeline } from './pipeline.ts';
import { pipelineResults } from './pipeline-results.ts';
import { type Progress, skippedInTurn } from './progress.ts';
import type { States } from './results.ts';
import { isTaskAttempt } from './task-attempt.ts';
import type { Limits, TimedOut } from './timeouts.ts';

const draft = (status: ConditionDraft['status'], reason: string, message: string): ConditionDraft => ({
  type: 'Succeeded',
  status,
  reason,
  message,
});

/** A run that waits: for its Pipeline, or for somebody to let it go. @param now RFC 3339 */
export const waitingStatus = (run: PipelineRun, reason: string, message: string, now: string): PipelineRunStatus => ({
  ...run.status,
  conditions: mergeConditions(run.status?.conditions, [draft('Unknown', reason, message)], now),
});

/** A run that has its turn, before anything of it is made. @param now RFC 3339 */
export const beginningStatus = (run: PipelineRun, now: string): PipelineRunStatus => ({
  ...waitingStatus(run, 'Started', 'The PipelineRun has been accepted', now),
  startTime: now,
});

/** A run that ends without its tasks. @param now RFC 3339 @param spec of its Pipeline, where that is known */
export const failedStatus = (
  run: PipelineRun,
  reason: string,
  message: string,
  now: string,
  spec?: PipelineSpec,
): PipelineRunStatus => ({
  ...(spec === undefined || isTaskAttempt(run) ? {} : { pipelineSpec: spec }),
  ...run.status,
  startTime: run.status?.startTime ?? now,
  completionTime: run.status?.completionTime ?? now,
  conditions: mergeConditions(run.status?.conditions, [draft('False', reason, message)], now),
});

export interface Standing {
  readonly pipeline: RunPipeline;
  readonly progress: Progress;
  readonly states: States;
  readonly timedOut: TimedOut;
  readonly limits: Limits;
  readonly takenOver: TakenOver | undefined;
}

/** @param now RFC 3339 */
export function statusOf(run: PipelineRun, standing: Standing, now: string): PipelineRunStatus {
  const { pipeline, progress, takenOver } = standing;
  const { condition, results } = conclusionOf(run, standing);
  const isOver = condition.status !== 'Unknown';
  const skipped = skippedTasks(progress);
  const isInFinally = progress.states.some(
    (state) => state.isFinally && (state.runs.length > 0 || skippedInTurn.includes(progress.skipOf(state))),
  );
  return {
    ...run.status,
    startTime: run.status?.startTime ?? now,
    ...(isInFinally ? { finallyStartTime: run.status?.finallyStartTime ?? now } : {}),
    ...(isOver ? { completionTime: run.status?.completionTime ?? lastCompletion(progress) ?? now } : {}),
    ...(isTaskAttempt(run) ? {} : { pipelineSpec: pipeline.spec }),
    ...(pipeline.provenance === undefined ? {} : { provenance: pipeline.provenance }),
    ...(takenOver === undefined ? {} : { rerunOf: takenOver.rerunOf, reusedTasks: takenOver.tasks }),
    ...(results.length === 0 ? {} : { results }),
    ...(skipped.length === 0 ? {} : { skippedTasks: skipped }),
    childReferences: childReferences(progress),
    conditions: mergeConditions(run.status?.conditions, [condition], now),
  };
}

function conclusionOf(
  run: PipelineRun,
  { pipeline, progress, states, timedOut, limits }: Standing,
): { readonly condition: ConditionDraft; readonly results: NonNullable<PipelineRunStatus['results']> } {
  const condition = conditionOfRun(run, progress, timedOut, limits);
  if (condition.status === 'Unknown' || pipeline.spec.results === undefined) return { condition, results: [] };
  const { results, invalid } = pipelineResults(pipeline.spec, states, progress);
  if (invalid.length === 0 || condition.status === 'False') return { condition, results };
  const why = `invalid pipelineresults [${invalid.join(' ')}], the referenced results don't exist`;
  const message = `Failed to get PipelineResult from TaskRun Results for PipelineRun ${run.metadata.name}: ${why}`;
  return { condition: draft('False', 'CouldntGetPipelineResult', message), results };
}

function lastCompletion(progress: Progress): string | undefined {
  const times = progress.states.flatMap(({ runs, isReused }) =>
    isReused ? [] : runs.filter(isFinal).map((run) => run.status?.completionTime),
  );
  return times
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
}
