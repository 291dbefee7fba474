/** The condition of a PipelineRun as it follows from where its tasks stand: Tekton's reasons and messages. Pure. */

import type { ConditionDraft } from '../../resources/condition.ts';
import { formatDuration } from '../../resources/duration.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { Progress } from './progress.ts';
import { isTaskAttempt } from './task-attempt.ts';
import { isCancelled, isCancelledByTimeout, isFailed, isIgnored, isSuccessful, type TaskState } from './task-state.ts';
import type { Limits, TimedOut } from './timeouts.ts';

type Count =
  | 'succeeded'
  | 'failed'
  | 'ignored'
  | 'cancelled'
  | 'invalid'
  | 'skipped'
  | 'skippedByTimeout'
  | 'incomplete'
  | 'reused';

type Counts = Readonly<Record<Count, number>>;

const timeoutSkips = [
  'PipelineRun timeout has been reached',
  'PipelineRun Tasks timeout has been reached',
  'PipelineRun Finally timeout has been reached',
];

function kindsOf(state: TaskState, progress: Progress): readonly Count[] {
  if (isSuccessful(state)) return state.isReused ? ['succeeded', 'reused'] : ['succeeded'];
  if (isCancelledByTimeout(state)) return ['failed'];
  if (isCancelled(state)) return ['cancelled'];
  if (isFailed(state)) return [isIgnored(state) ? 'ignored' : 'failed'];
  if (progress.invalid.has(state.task.name)) return ['invalid'];
  const skip = progress.skipOf(state);
  if (skip === undefined) return ['incomplete'];
  return timeoutSkips.includes(skip) ? ['skipped', 'skippedByTimeout'] : ['skipped'];
}

function countsOf(progress: Progress): Counts {
  const counts = {
    succeeded: 0,
    failed: 0,
    ignored: 0,
    cancelled: 0,
    invalid: 0,
    skipped: 0,
    skippedByTimeout: 0,
    incomplete: 0,
    reused: 0,
  };
  for (const state of progress.states) for (const kind of kindsOf(state, progress)) counts[kind]++;
  return counts;
}

const draft = (status: ConditionDraft['status'], reason: string, message: string): ConditionDraft => ({
  type: 'Succeeded',
  status,
  reason,
  message,
});

const cancelledMessage = (run: PipelineRun): string => `PipelineRun "${run.metadata.name}" was cancelled`;

/** @param limits what the run was promised, for the message */
export function conditionOfRun(
  run: PipelineRun,
  progress: Progress,
  timedOut: TimedOut,
  limits: Limits,
): ConditionDraft {
  const counts = countsOf(progress);
  if (run.spec.status === 'Cancelled') return cancelled(run, progress, counts);
  if (counts.incomplete > 0) return unfinished(run, progress, counts, timedOut);
  return timeout(run, progress, timedOut, limits, counts) ?? finished(run, progress, counts);
}

/** Final only when nothing runs any more: "cancelled" means "stopped". */
function cancelled(run: PipelineRun, progress: Progress, counts: Counts): ConditionDraft {
  if ([true, false].some((isFinally) => progress.running(isFinally).length > 0))
    // A Kf Task says itself that it is being ended.
    return draft('Unknown', isTaskAttempt(run) ? 'Running' : 'Cancelled', runningMessage(counts));
  return draft('False', 'Cancelled', cancelledMessage(run));
}

/** Only where the time was too short for something: what is over in time is not late because nobody looked. */
function timeout(
  run: PipelineRun,
  progress: Progress,
  timedOut: TimedOut,
  limits: Limits,
  counts: Counts,
): ConditionDraft | undefined {
  const { name } = run.metadata;
  const cut = progress.states.filter((state) => wasCut(state, progress));
  if (cut.length === 0 || counts.invalid > 0) return undefined;
  if (timedOut.pipeline)
    return draft(
      'False',
      'PipelineRunTimeout',
      `PipelineRun "${name}" failed to finish within "${goDuration(limits.pipeline)}"`,
    );
  if (timedOut.tasks && cut.some((state) => !state.isFinally))
    return draft(
      'False',
      'PipelineRunTimeout',
      `PipelineRun "${name}" failed due to tasks failed to finish within "${goDuration(limits.tasks)}"`,
    );
  return undefined;
}

const goDuration = (milliseconds: number | undefined): string => formatDuration(milliseconds ?? 0);

function summary({ succeeded, failed, ignored, cancelled }: Counts): string {
  const all = failed + ignored;
  const failures = ignored > 0 ? `Failed: ${all} (Ignored: ${ignored})` : `Failed: ${all}`;
  return `Tasks Completed: ${succeeded + all + cancelled} (${failures}, Cancelled ${cancelled})`;
}

const reusedNote = ({ reused }: Counts): string => (reused > 0 ? `, Reused: ${reused}` : '');

function runningMessage(counts: Counts): string {
  const { succeeded, failed, ignored, cancelled, incomplete, skipped } = counts;
  const done = succeeded + failed + ignored + cancelled;
  return `Tasks Completed: ${done} (Failed: ${failed}, Cancelled ${cancelled}), Incomplete: ${incomplete}, Skipped: ${skipped}${reusedNote(counts)}`;
}

function unfinished(run: PipelineRun, progress: Progress, counts: Counts, timedOut: TimedOut): ConditionDraft {
  return draft('Unknown', unfinishedReason(run, progress, counts, timedOut), runningMessage(counts));
}

function unfinishedReason(run: PipelineRun, progress: Progress, counts: Counts, timedOut: TimedOut): string {
  const isInFinally = progress.hasFinally && !progress.areFinallyOver;
  if (timedOut.pipeline) return 'PipelineRunStopping';
  if (timedOut.tasks && isTasksLate(progress))
    return isInFinally ? 'PipelineRunTimeoutRunningFinally' : 'PipelineRunStopping';
  if (run.spec.status === 'CancelledRunFinally') return 'CancelledRunningFinally';
  if (run.spec.status === 'StoppedRunFinally') return 'StoppedRunningFinally';
  if (counts.cancelled > 0 || (counts.failed > 0 && !isInFinally)) return 'PipelineRunStopping';
  return 'Running';
}

/** Once their time is over: whether it was too short. */
const isTasksLate = (progress: Progress): boolean =>
  !progress.areTasksOver || progress.states.some((state) => !state.isFinally && wasCut(state, progress));

/** For its time was over. */
const wasCut = (state: TaskState, progress: Progress): boolean =>
  isCancelledByTimeout(state) || timeoutSkips.includes(progress.skipOf(state) ?? '');

/** Characters of messages of tasks that could never start. */
const longest = 1024;

function invalidNote(progress: Progress): string {
  if (progress.invalid.size === 0) return '';
  const names = [...progress.invalid.keys()].sort();
  const text = names.map((name) => progress.invalid.get(name)).join('; ');
  return `, Failed Validation: ${names.length} (${text.length > longest ? `${text.slice(0, longest)}...` : text})`;
}

function finished(run: PipelineRun, progress: Progress, counts: Counts): ConditionDraft {
  const message = `${summary(counts)}, Skipped: ${counts.skipped}${invalidNote(progress)}${reusedNote(counts)}`;
  if (counts.invalid > 0) return draft('False', 'PipelineValidationFailed', message);
  if (counts.failed > 0 || counts.skippedByTimeout > 0) return draft('False', 'Failed', message);
  if (run.spec.status === 'CancelledRunFinally' || run.spec.status === 'StoppedRunFinally')
    return draft('False', 'Cancelled', cancelledMessage(run));
  if (counts.cancelled > 0) return draft('False', 'Cancelled', message);
  return draft('True', counts.skipped > 0 ? 'Completed' : 'Succeeded', message);
}
