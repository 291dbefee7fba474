/** What has become of a pipeline task: as it follows from its runs. Pure. */

import { conditionOf, isFinal } from '../../resources/condition.ts';
import type { PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import type { ChildRun } from './types.ts';

export const cancelledByPipelineRun = 'TaskRun cancelled as the PipelineRun it belongs to has been cancelled.';
export const cancelledByTimeout = 'TaskRun cancelled as the PipelineRun it belongs to has timed out.';

/** A pipeline task and its runs. */
export interface TaskState {
  /** As it is in the Pipeline, params and contexts replaced. */
  readonly task: PipelineTask;
  readonly isFinally: boolean;
  /** In the order of a matrix's combinations. */
  readonly runs: readonly ChildRun[];
  /** Taken over from an earlier PipelineRun; then the runs are that one's. */
  readonly isReused?: boolean;
}

const happy = (run: ChildRun) => conditionOf(run, 'Succeeded');

export const isStarted = ({ runs }: TaskState): boolean => runs.length > 0;
export const runSucceeded = (run: ChildRun): boolean => happy(run)?.status === 'True';
const runFailed = (run: ChildRun): boolean => happy(run)?.status === 'False';

export const isSuccessful = (state: TaskState): boolean => isStarted(state) && state.runs.every(runSucceeded);
export const hasFailedRun = ({ runs }: TaskState): boolean => runs.some(runFailed);
export const isOver = (state: TaskState): boolean => isStarted(state) && state.runs.every(isFinal);
export const isFailed = (state: TaskState): boolean => isOver(state) && hasFailedRun(state);
export const isRunning = (state: TaskState): boolean => isStarted(state) && !isOver(state);
/** Its failure does not stop the others. */
export const isIgnored = ({ task }: TaskState): boolean => task.onError === 'continue';

const wasCancelled = (run: ChildRun): boolean =>
  runFailed(run) && /^(TaskRunCancelled|CustomRunCancelled|Cancelled)$/.test(happy(run)?.reason ?? '');

export const isCancelled = (state: TaskState): boolean => isOver(state) && state.runs.some(wasCancelled);

export const isCancelledByTimeout = (state: TaskState): boolean =>
  isOver(state) && state.runs.some((run) => wasCancelled(run) && isTimeoutMessage(run.spec.statusMessage));

const isTimeoutMessage = (message = ''): boolean => /has timed out\.?$/.test(message);

/** `$(tasks.T.status)`. */
export function statusWord(state: TaskState): 'Succeeded' | 'Failed' | 'None' {
  if (isSuccessful(state)) return 'Succeeded';
  return hasFailedRun(state) ? 'Failed' : 'None';
}

/** `$(tasks.T.reason)`: of the first run that has not succeeded, else of the first. */
export function reasonWord({ runs }: TaskState): string {
  const run = runs.find((candidate) => !runSucceeded(candidate) && happy(candidate) !== undefined) ?? runs[0];
  return (run === undefined ? undefined : happy(run)?.reason) ?? '';
}
